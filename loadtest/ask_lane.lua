-- wrk: GET /v1/rfid/tags/{tag}/eway-bills, tags at random. Arguments: the token, how many tags there
-- are, how many milliseconds each connection waits between two questions, and a seed.
local tags, waits = 0, 0

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  tags, waits = tonumber(args[2]), tonumber(args[3])
  math.randomseed(tonumber(args[4]))
  if waits == 0 then delay = nil end
end

function delay()
  return math.random(0, 2 * waits)
end

function request()
  return wrk.format("GET", string.format("/v1/rfid/tags/E28011606000%012X/eway-bills", math.random(0, tags - 1)))
end
