/**
 * What Redis runs, each as one step. Integers up to 2^53 are exact in its numbers; the time is its own unless one is given.
 * Every demand is four arguments: kind, limit, a, b, as `plainOf` has them.
 */
const clock = `
local function microseconds(given)
  local now = tonumber(given)
  if now >= 0 then return now end
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000000 + tonumber(time[2])
end
local function whole(number) return string.format('%.0f', number) end
local function fullAt(key, now, capacity)
  local at = tonumber(redis.call('GET', key) or '0')
  if at < now then return now end
  if at > now + capacity then -- the clock was set back: the bucket fills from here
    at = now + capacity
    redis.call('SET', key, whole(at), 'PX', whole(math.ceil(capacity / 1000) + 1000))
  end
  return at
end
local function window(key, now, slotUs, slots)
  local current = math.floor(now / slotUs)
  local counts, used, newest = {}, 0, nil
  local stored = redis.call('HGETALL', key)
  for i = 1, #stored, 2 do
    local slot, count = tonumber(stored[i]), tonumber(stored[i + 1])
    if slot < current - slots or slot > current + slots then redis.call('HDEL', key, stored[i])
    elseif count > 0 then
      counts[#counts + 1] = { slot, count }
      used = used + count
      if not newest or slot > newest then newest = slot end
    end
  end
  table.sort(counts, function(x, y) return x[1] < y[1] end)
  if newest and newest > current then current = newest end
  return { current = current, counts = counts, used = used, newest = newest }
end
local function keepWindow(key, slotUs, slots) redis.call('PEXPIRE', key, whole(math.ceil(slotUs * (slots + 2) / 1000))) end
`;

/** KEYS: one for each demand. ARGV: time or -1, id of the call, then the demands. */
export const takeScript = `${clock}
local now, call = microseconds(ARGV[1]), ARGV[2]
local granted, found = 1, {}
for i = 1, #KEYS do
  local o = 2 + (i - 1) * 4
  local d = { kind = ARGV[o + 1], limit = tonumber(ARGV[o + 2]), a = tonumber(ARGV[o + 3]), b = tonumber(ARGV[o + 4]) }
  if d.kind == 'rate' then
    d.at = fullAt(KEYS[i], now, d.b)
    d.room = now + d.b - d.at
    d.ok = d.room >= d.a
  elseif d.kind == 'window' then
    d.w = window(KEYS[i], now, d.a, d.b)
    d.ok = d.w.used < d.limit
  else
    redis.call('ZREMRANGEBYSCORE', KEYS[i], '-inf', whole(now))
    d.held = redis.call('ZCARD', KEYS[i])
    d.ok = d.held < d.limit
  end
  if not d.ok then granted = 0 end
  found[i] = d
end
local out = { granted }
for i = 1, #KEYS do
  local d, remaining, reset, retry = found[i], 0, 0, 0
  if d.kind == 'rate' then
    if granted == 1 then
      d.at = d.at + d.a
      d.room = d.room - d.a
      redis.call('SET', KEYS[i], whole(d.at), 'PX', whole(math.ceil((d.at - now) / 1000) + 1000))
    end
    remaining, reset = math.floor(d.room / d.a), d.at - now
    if not d.ok and d.limit > 0 then retry = d.a - d.room end
  elseif d.kind == 'window' then
    local w = d.w
    if granted == 1 then
      redis.call('HINCRBY', KEYS[i], whole(w.current), 1)
      keepWindow(KEYS[i], d.a, d.b)
      w.used, w.newest = w.used + 1, w.current
    end
    remaining = math.max(0, d.limit - w.used)
    if w.newest then reset = (w.newest + d.b + 1) * d.a - now end
    if not d.ok then
      local left = w.used
      for _, each in ipairs(w.counts) do
        left = left - each[2]
        if left < d.limit then retry = (each[1] + d.b + 1) * d.a - now break end
      end
    end
  else
    if granted == 1 then
      redis.call('ZADD', KEYS[i], whole(now + d.a), call)
      redis.call('PEXPIRE', KEYS[i], whole(math.ceil(d.a / 1000) + 1000))
      d.held = redis.call('ZCARD', KEYS[i])
    end
    remaining = math.max(0, d.limit - d.held)
  end
  local o = 1 + (i - 1) * 4
  out[o + 1], out[o + 2], out[o + 3], out[o + 4] = d.ok and 1 or 0, remaining, reset, retry
end
return out
`;

/** The same arguments as to take. */
export const giveBackScript = `${clock}
local now, call = microseconds(ARGV[1]), ARGV[2]
for i = 1, #KEYS do
  local o = 2 + (i - 1) * 4
  local kind, a, b = ARGV[o + 1], tonumber(ARGV[o + 3]), tonumber(ARGV[o + 4])
  if kind == 'rate' then
    local at = tonumber(redis.call('GET', KEYS[i]) or '0')
    if at > 0 then redis.call('SET', KEYS[i], whole(at - a), 'KEEPTTL') end
  elseif kind == 'window' then
    local oldest = window(KEYS[i], now, a, b).counts[1]
    if oldest then redis.call('HINCRBY', KEYS[i], whole(oldest[1]), -1) end
  else
    redis.call('ZREM', KEYS[i], call)
  end
end
return 1
`;

/** KEYS: one for each lease. ARGV: time or -1, then call and length of each. */
export const renewScript = `${clock}
local now = microseconds(ARGV[1])
for i = 1, #KEYS do
  local call, lease = ARGV[i * 2], tonumber(ARGV[i * 2 + 1])
  redis.call('ZADD', KEYS[i], whole(now + lease), call)
  redis.call('PEXPIRE', KEYS[i], whole(math.ceil(lease / 1000) + 1000))
end
return 1
`;

/** KEYS: one for each debt. ARGV: time or -1, then kind, limit, a, b, atLeast and more of each. */
export const settleScript = `${clock}
local now = microseconds(ARGV[1])
for i = 1, #KEYS do
  local o = 1 + (i - 1) * 6
  local kind, a, b = ARGV[o + 1], tonumber(ARGV[o + 3]), tonumber(ARGV[o + 4])
  local atLeast, more = tonumber(ARGV[o + 5]), tonumber(ARGV[o + 6])
  if kind == 'rate' then
    local at = math.min(now + b, math.max(fullAt(KEYS[i], now, b), now + atLeast * a) + more * a)
    if at > now then redis.call('SET', KEYS[i], whole(at), 'PX', whole(math.ceil((at - now) / 1000) + 1000)) end
  else
    local w = window(KEYS[i], now, a, b)
    local add = math.max(0, atLeast - w.used) + more
    if add > 0 then
      redis.call('HINCRBY', KEYS[i], whole(w.current), whole(add))
      keepWindow(KEYS[i], a, b)
    end
  end
end
return 1
`;
