-- The values of tag keys, for each the place of its vehicle among those that follow (0: it is on none),
-- and the values of the vehicles, whose keys are ARGV[1] and the name: each once, however many tags it
-- has. In one go, so that nothing is between the two; each MGET is one call from Lua, which costs more
-- than a key does.
local tags = redis.call('MGET', unpack(KEYS))
local vehicles, place_of, places = {}, {}, {}
for i, tag in ipairs(tags) do
    -- V, a vehicle and since when; V alone is a tag on no vehicle, and a reservation begins with G.
    local name = tag and tag:match('^V(%w+) ')
    if name and not place_of[name] then
        vehicles[#vehicles + 1] = ARGV[1] .. name
        place_of[name] = #vehicles
    end
    places[i] = name and place_of[name] or 0
end
if #vehicles == 0 then return {tags, places, {}} end
return {tags, places, redis.call('MGET', unpack(vehicles))}
