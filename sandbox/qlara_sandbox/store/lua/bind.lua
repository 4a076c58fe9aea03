-- Binds an API key and session to a scenario. Of more bindings than there may be, others give way; the default stays.
--
-- KEYS: choices
-- ARGV: field, scenario, the most bindings, field of the default
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
local over = redis.call('HLEN', KEYS[1]) - redis.call('HEXISTS', KEYS[1], ARGV[4]) - ARGV[3]
if over > 0 then
  for _, field in ipairs(redis.call('HRANDFIELD', KEYS[1], over + 2)) do
    if over > 0 and field ~= ARGV[1] and field ~= ARGV[4] then
      redis.call('HDEL', KEYS[1], field)
      over = over - 1
    end
  end
end
return 1
