import { z } from 'zod';
import { toolsetPattern } from '../kernel/names.ts';

// Kinds of values that stand in more than one part of the file.

export const slug = z.string().regex(/^[a-z][a-z0-9-]{0,38}$/, 'must be lower case letters, digits and dashes');
export const toolset = z.string().regex(toolsetPattern, 'must be 1 to 24 lower case letters, digits and dashes');
export const ms = z.int().positive();

export const urlOf = (protocol: RegExp, beginning: string) =>
  z.url({ protocol, hostname: /.*/, error: `must be a URL that begins with ${beginning}` });
export const webUrl = urlOf(/^https?$/, 'http:// or https://');

export const currency = z.string().regex(/^[A-Z]{3}$/, 'must be a currency such as EUR');

export const roleNames = ['viewer', 'developer', 'operator', 'admin'] as const;

/** What a tool does, where that is said instead of it. */
export const annotationOverride = z
  .strictObject({
    readOnly: z.boolean().describe('Changes nothing'),
    destructive: z.boolean().describe('May destroy or overwrite'),
    idempotent: z.boolean().describe('A second run with the same arguments changes nothing more'),
    openWorld: z.boolean().describe('Reaches beyond its own closed world'),
  })
  .partial();

/** That every call of a tool needs consent, whatever policies say. */
export const consentOverride = z
  .enum(['confirm', 'approve'])
  .describe('Every call needs consent, whatever policies say: of the person behind it, or of somebody else');

/** What keys are derived from has at least as much in it as they have. */
export const minSecretBytes = 32;
