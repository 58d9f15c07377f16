-- Reserves each key with the token ARGV[1] for ARGV[2] seconds. Whoever had reserved it has lost it.
for _, key in ipairs(KEYS) do
    redis.call('SET', key, ARGV[1], 'EX', ARGV[2])
end
