import { z } from 'zod';
import { destinationBase } from './destination-base.ts';
import { emailFields, slackFields } from './notice-schema.ts';
import { slug, webUrl } from './words.ts';

const day = 86_400;

/** A secret of Standard Webhooks: `whsec_` and base64 of 24 to 64 bytes. */
function isSigningSecret(text: string): boolean {
  const [, base64 = ''] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text) ?? [];
  const { length } = Buffer.from(base64, 'base64');
  return length >= 24 && length <= 64;
}

const isReference = (text: string) => /^\$\{\w+:[^{}]+\}$/.test(text);
const signingSecret = z
  .string()
  .refine((text) => isSigningSecret(text) || isReference(text), 'must be whsec_ and base64 of 24 to 64 bytes');
const sharedSecret = z.string().min(16, 'must have at least 16 characters');
/** The first one is the current one. */
const oneOrMore = (secret: z.ZodString) => z.union([secret, z.array(secret).min(1).max(5)]);

export function listOfSecrets(secrets: string | readonly string[]): readonly string[] {
  return typeof secrets === 'string' ? [secrets] : secrets;
}

const webhook = z.strictObject({
  type: z.literal('webhook'),
  url: webUrl.describe('Where events are posted to, one a request'),
  secrets: oneOrMore(signingSecret).describe(
    'What events are signed with, as Standard Webhooks have it: whsec_ and base64. Of several each one signs, so that the receiver can change over',
  ),
  ...destinationBase,
});

const slack = z.strictObject({ ...slackFields, ...destinationBase });
const email = z.strictObject({ ...emailFields, ...destinationBase });

/** A destination as it can be added at run time; its name stands beside it. Mail servers are the operator's to name. */
export const destinationChoice = z.discriminatedUnion('type', [webhook, slack]);
export const destinationName = slug;

const inOrg = { org: slug.default('default').describe('Organisation whose events it gets') };
/** A destination of the file. */
const destination = z.discriminatedUnion('type', [webhook.extend(inOrg), slack.extend(inOrg), email.extend(inOrg)]);

const header = z.string().regex(/^[a-z0-9-]{1,100}$/i, 'must be the name of a header');
const sourceBase = { org: slug.default('default').describe('Organisation in which what comes becomes an event') };
const toleranceSeconds = z
  .int()
  .min(10)
  .max(day)
  .default(300)
  .describe('How far the time that the sender signed may be from ours');

const source = z.discriminatedUnion('format', [
  z.strictObject({
    format: z.literal('standard').describe('Standard Webhooks: webhook-id, webhook-timestamp, webhook-signature'),
    ...sourceBase,
    secrets: oneOrMore(signingSecret).describe('whsec_ and base64; of several any one counts'),
    toleranceSeconds,
  }),
  z.strictObject({
    format: z.literal('github').describe('X-Hub-Signature-256, X-GitHub-Delivery, X-GitHub-Event'),
    ...sourceBase,
    secrets: oneOrMore(sharedSecret).describe('Of several any one counts'),
  }),
  z.strictObject({
    format: z.literal('generic').describe('HMAC SHA-256 of the body in a header of any name'),
    ...sourceBase,
    secrets: oneOrMore(sharedSecret).describe('Of several any one counts'),
    signatureHeader: header.default('x-signature').describe('Where the signature is'),
    prefix: z.string().max(50).default('').describe('What stands before it, such as sha256='),
    encoding: z.enum(['hex', 'base64']).default('hex').describe('How it is written'),
    timestampHeader: header
      .optional()
      .describe('Where the time is, in seconds since the epoch; the signature is of it, a dot and the body then'),
    toleranceSeconds,
    idHeader: header.optional().describe('Where the id of the delivery is; what was signed stands for it when absent'),
    kindHeader: header.optional().describe('Where the kind of event is, the end of its type; `received` when absent'),
  }),
]);

/** What happens, where it is told, and who may tell us. */
export const eventsSettings = z.strictObject({
  destinations: z.record(slug, destination).default({}).describe('Where events are delivered to, by name'),
  sources: z
    .record(slug, source)
    .default({})
    .describe('Outside senders that sign, by name: POST /hooks/<name> becomes the event hook.<name>.<kind>'),
  maxHookBytes: z
    .int()
    .positive()
    .max(1024 * 1024)
    .default(512 * 1024)
    .describe('Longest body that any of them may send'),
  keepDays: z
    .int()
    .min(1)
    .max(90)
    .default(14)
    .describe('How long what was delivered, and what could not be, is kept with its event'),
});

export type EventsSettings = z.infer<typeof eventsSettings>;
export type DestinationChoice = z.infer<typeof destinationChoice>;
/** One of any type, as it is delivered to. */
export type DestinationOfAny = DestinationChoice | EmailSettings;
export type DestinationSettings = EventsSettings['destinations'][string];
export type WebhookSettings = z.infer<typeof webhook>;
export type SlackSettings = z.infer<typeof slack>;
export type EmailSettings = z.infer<typeof email>;
export type SourceChoice = EventsSettings['sources'][string];
