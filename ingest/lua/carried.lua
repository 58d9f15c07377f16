-- The values of tag keys, and after them, in the order of the tags that name a vehicle, the values
-- of those vehicles, whose keys are ARGV[1] and the name. In one go, so that nothing is between the
-- two; each MGET is one call from Lua, which costs more than a key does.
local found = redis.call('MGET', unpack(KEYS))
local vehicles = {}
for _, tag in ipairs(found) do
    -- V and a vehicle; with nothing after it the tag is on none, and a reservation begins with G.
    if tag and #tag > 1 and tag:byte(1) == 86 then
        vehicles[#vehicles + 1] = ARGV[1] .. tag:sub(2)
    end
end
if #vehicles == 0 then return {found, {}} end
return {found, redis.call('MGET', unpack(vehicles))}
