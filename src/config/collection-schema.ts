import { z } from 'zod';
import { knowledgeSource } from './knowledge-schema.ts';

import { minSecretBytes, ms, roleNames, slug } from './words.ts';

/** Somebody or several who are given a right. */
const subject = z
  .string()
  .max(300)
  .refine(
    (text) =>
      text === 'everyone' ||
      /^(principal|team|group):\S.*$/.test(text) ||
      roleNames.some((role) => text === `role:${role}`),
    `must be everyone, role:<${roleNames.join('|')}>, principal:<id>, team:<name> or group:<name>`,
  );

export const collectionName = slug;

/** A collection as it may also be added while the server runs. */
export const collectionChoice = z.strictObject({
  description: z.string().max(1_000).default('').describe('What is in it: agents choose by this'),
  readers: z
    .array(subject)
    .max(200)
    .default(['everyone'])
    .describe('Who may find and read what is in it: everyone, role:<role>, principal:<id>, team:<name>, group:<name>'),
  language: z
    .enum(['english', 'german', 'french', 'spanish', 'simple'])
    .default('english')
    .describe('Language of documents that are too short to tell; `simple` takes words as they stand'),
  encrypted: z
    .boolean()
    .default(false)
    .describe('Whether texts are encrypted where they are kept; settled once there are documents'),
  model: slug
    .optional()
    .describe(
      'Embedding model by which passages are found as well: the name of one of models.embeddings, or `none`; ' +
        'models.embedding by default. Another one takes over when it has made all vectors',
    ),
  writers: z
    .array(subject)
    .max(200)
    .default(['role:operator'])
    .describe('Who may add documents; a role is also every role above it'),
});

export const collection = collectionChoice.extend({
  org: slug.default('default').describe('Organisation that it belongs to'),
  sources: z.record(slug, knowledgeSource).default({}).describe('Where its documents come from, by a name of your own'),
  syncEveryMs: ms.default(15 * 60_000).describe('How often the sources are looked at'),
});

const encryptionKey = z
  .string()
  .refine((key) => Buffer.byteLength(key) >= minSecretBytes, `must have ${minSecretBytes} bytes or more`);

/** Keys of the operator, apart from the server's secret. */
export const encryption = z.strictObject({
  key: encryptionKey
    .optional()
    .describe(
      'Wraps the keys of encrypted collections, best as a reference; derived from the server secret by default',
    ),
  otherKeys: z
    .array(encryptionKey)
    .max(10)
    .default([])
    .describe('Keys that were, or will be, `key`: what they wrapped can be opened, and nothing new is wrapped by them'),
});

export type CollectionChoice = z.infer<typeof collectionChoice>;
export type CollectionSettings = z.infer<typeof collection>;
