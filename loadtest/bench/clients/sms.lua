-- wrk: POST /sms/inbound, every message with an id and a document number of its own, from numbers in turn.
-- Arguments: the token, a series that no earlier run used, and how many numbers there are.
local series, numbers, count = "", 1, 0

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  series, numbers = args[2], tonumber(args[3])
end

local template = "from=91%d&message_id=%s-%d&text="
  .. "EWBG+OSUP+29AAGCB7383J1Z4+560001+%s/%d+20/11/2026+75000.00+7215+350+KA12AB%04d"

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format(
    template, 9000000000 + count % numbers, series, count, series, count, count % 10000))
end
