-- Drops the first ARGV[1] keys; reserves the others with the token ARGV[2] for ARGV[3] seconds.
-- Whoever had reserved any of them before has lost it.
local drops = tonumber(ARGV[1])
for i, key in ipairs(KEYS) do
    if i <= drops then
        redis.call('DEL', key)
    else
        redis.call('SET', key, ARGV[2], 'EX', ARGV[3])
    end
end
