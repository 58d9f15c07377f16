-- wrk: GET something with a number in its path, at random.
-- Arguments: the token, the path as a format of the number, the first number, how many there are,
-- and a seed.
local path, first, count = "", 0, 1

function init(args)
  wrk.headers["Authorization"] = "Bearer " .. args[1]
  path, first, count = args[2], tonumber(args[3]), tonumber(args[4])
  math.randomseed(tonumber(args[5]))
end

function request()
  return wrk.format("GET", string.format(path, first + math.random(0, count - 1)))
end
