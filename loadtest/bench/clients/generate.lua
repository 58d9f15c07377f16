-- wrk: POST a document with a number of its own, on 10,000 vehicles.
-- Arguments: the token, a series that no earlier run used, and the document as a format of the
-- series, a number counted from 1, and that of a vehicle.
local series, document, count = "", "", 0

function init(args)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/json"
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  series, document = args[2], args[3]
end

function request()
  count = count + 1
  return wrk.format(nil, nil, nil, string.format(document, series, count, count % 10000))
end
