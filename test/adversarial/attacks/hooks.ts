import { createHmac } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { type Attack, refused } from '../attack.ts';
import { hookSecret, sharedHookSecret, type World } from '../world.ts';

// Whoever can reach the server can reach its hooks: what counts is the signature of a sender.

const body = '{"amount":1}';
const seconds = (minutes = 0) => Math.floor(Date.now() / 1000) + minutes * 60;

function standard({ id = 'msg_1', at = new Date(), text = body, secret = hookSecret } = {}): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(secret).sign(id, at, text),
  };
}
const mac = (text: string, secret = sharedHookSecret) => createHmac('sha256', secret).update(text).digest('hex');
const other = `whsec_${Buffer.alloc(32, 'other').toString('base64')}`;

const forged: Record<string, { source: string; headers: Record<string, string>; text?: string }> = {
  'without a signature': { source: 'billing', headers: {} },
  'with an empty signature': { source: 'billing', headers: { ...standard(), 'webhook-signature': '' } },
  'with a signature by another secret': { source: 'billing', headers: standard({ secret: other }) },
  'with the signature of another body': { source: 'billing', headers: standard({ text: '{"amount":2}' }) },
  'with the signature of another id': { source: 'billing', headers: { ...standard(), 'webhook-id': 'msg_2' } },
  'with the signature of another time': {
    source: 'billing',
    headers: { ...standard(), 'webhook-timestamp': String(seconds(1)) },
  },
  'that is an hour old': { source: 'billing', headers: standard({ at: new Date(Date.now() - 3_600_000) }) },
  'that is of the future': { source: 'billing', headers: standard({ at: new Date(Date.now() + 3_600_000) }) },
  'with a time that is no number': { source: 'billing', headers: { ...standard(), 'webhook-timestamp': '1e99' } },
  'with a version of signature that is none': {
    source: 'billing',
    headers: { ...standard(), 'webhook-signature': standard()['webhook-signature']?.replace('v1,', 'v0,') ?? '' },
  },
  'with a thousand signatures': {
    source: 'billing',
    headers: { ...standard(), 'webhook-signature': Array(300).fill('v1,AAAA').join(' ') },
  },
  'with the signature of another format': {
    source: 'forge',
    headers: { 'x-hub-signature-256': mac(body), 'x-github-delivery': 'd', 'x-github-event': 'push' }, // no `sha256=`
  },
  'with a signature by SHA-1': {
    source: 'forge',
    headers: { 'x-hub-signature': `sha1=${mac(body)}`, 'x-github-delivery': 'd', 'x-github-event': 'push' },
  },
  'of the sender of another organisation': { source: 'forge', headers: standard() },
  'with a time that was not signed': {
    source: 'dated',
    headers: { 'x-signature': mac(body), 'x-time': String(seconds()) },
  },
  'with an old time that was signed': {
    source: 'dated',
    headers: { 'x-signature': mac(`${seconds(-60)}.${body}`), 'x-time': String(seconds(-60)) },
  },
  'to a source that is not there': { source: 'none', headers: standard() },
  'to a source that is __proto__': { source: '__proto__', headers: standard() },
  'to a source that climbs': { source: '..%2fbilling', headers: standard() },
  'that is too large': { source: 'billing', headers: {}, text: 'x'.repeat(600_000) },
};

export const hookAttacks: Attack[] = Object.entries(forged).map(([name, { source, headers, text = body }]) => ({
  name: `a delivery ${name}`,
  async run({ send }: World) {
    const answer = await send(`/hooks/${source}`, { key: null, method: 'POST', body: text, headers });
    refused(answer, [400, 401, 404, 413]);
  },
}));
