import { z } from 'zod';
import { roleNames, slug, webUrl } from './words.ts';

const team = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'must be lower case letters, digits and dashes');
const domain = z
  .string()
  .toLowerCase()
  .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/, 'must be a domain such as example.com');

const rights = z.strictObject({
  role: z.enum(roleNames).optional().describe('What its people may do; of several groups the highest role counts'),
  teams: z.array(team).max(50).default([]).describe('Teams that its people belong to; those of all groups count'),
});

/** One OpenID provider by which people of one organisation sign in. */
export const ssoProvider = z.strictObject({
  title: z
    .string()
    .trim()
    .min(1)
    .max(60)
    .regex(/^[^\p{Cc}\p{Bidi_Control}]*$/u, 'must have no control characters')
    .optional()
    .describe('What the sign-in page calls it; its name when absent'),
  org: slug.default('default').describe('Organisation whose members it lets in, and no other'),
  issuer: webUrl.describe('Its name, as the claim iss has it; its metadata is found by it'),
  clientId: z.string().min(1).max(500).describe('What the provider calls this server'),
  clientSecret: z.string().min(1).optional().describe('Absent for a public client, which PKCE alone protects'),
  clientAuth: z
    .enum(['basic', 'post'])
    .default('basic')
    .describe('How the secret travels: in the header Authorization, or in the form'),
  scopes: z
    .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'must be a scope'))
    .default(['openid', 'profile', 'email'])
    .describe('What is asked for; openid always is'),
  required: z
    .boolean()
    .default(false)
    .describe('Members of the organisation sign in by its providers alone: no password counts for it any more'),
  emailDomains: z.array(domain).optional().describe('Others are refused; any domain when absent'),
  trustEmail: z
    .boolean()
    .default(false)
    .describe('Addresses count as verified where the provider does not say; what it calls unverified never does'),
  linkByEmail: z
    .boolean()
    .default(false)
    .describe('A verified address leads to the account that there is by it; otherwise such a sign-in is refused'),
  claims: z
    .strictObject({
      groups: z.string().default('groups').describe('Claim with the groups, by its name or a path with dots'),
      name: z.string().default('name').describe('Claim with the name of the person'),
      email: z.string().default('email').describe('Claim with the address'),
    })
    .prefault({})
    .describe('Where the provider says what'),
  groups: z.record(z.string(), rights).default({}).describe('Role and teams by group, as the claim names it'),
  default: rights
    .extend({ role: z.enum(roleNames).describe('What they may do') })
    .optional()
    .describe('For who is in no group with a role; when absent, they are refused'),
  sessionHours: z
    .int()
    .min(1)
    .max(24 * 30)
    .default(12)
    .describe('After so long the person has to come by the provider again, browsers and programs alike'),
  keyDays: z
    .int()
    .min(1)
    .max(3_650)
    .default(30)
    .describe('For so long after the person last came by the provider their own API keys count'),
  clockSkewSeconds: z.int().min(0).max(300).default(30).describe('How far its clock may be from ours'),
});

export type SsoProviderSettings = z.infer<typeof ssoProvider>;
