-- Reserves each key that is absent with the token ARGV[1] for ARGV[2] seconds.
for _, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[1], 'NX', 'EX', ARGV[2])
end
