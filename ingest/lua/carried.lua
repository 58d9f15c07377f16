-- Of each tag key: its value and that of the vehicle it names, whose key is ARGV[1] and the name. In
-- one go, so that nothing is between the two.
local found = {}
for i, key in ipairs(KEYS) do
    local tag = redis.call('GET', key)
    found[2 * i - 1] = tag
    -- V and a vehicle; with nothing after it the tag is on none, and a reservation begins with G.
    found[2 * i] = tag and #tag > 1 and tag:byte(1) == 86
        and redis.call('GET', ARGV[1] .. tag:sub(2))
end
return found
