-- Fills each key that still holds the token ARGV[1]: then a value and its seconds to live, by key.
local filled = 0
for i, key in ipairs(KEYS) do
    if redis.call('GET', key) == ARGV[1] then
        redis.call('SET', key, ARGV[2 * i], 'EX', ARGV[2 * i + 1])
        filled = filled + 1
    end
end
return filled
