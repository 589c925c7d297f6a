import { z } from 'zod';
import { ms, webUrl } from './words.ts';

const pattern = z
  .string()
  .min(1)
  .max(500)
  .refine((text) => !/^[!#]/.test(text), 'must not begin with ! or #; use include and exclude');
const patterns = z.array(pattern).max(200);

/** Which documents of a source are wanted. */
const selection = {
  include: patterns
    .optional()
    .describe('Only what fits one of these, written as in .gitignore, with {a,b} for either; everything by default'),
  exclude: patterns.optional().describe('Left out, whatever else names it'),
};

/** An address of a service: what is secret stands in keys of its own. */
const plainUrl = webUrl.refine((url) => !/^[^/]*\/\/[^/?#]*@/.test(url), 'must be without user and password');

export const folderSource = z.strictObject({
  folder: z.string().min(1).describe('Path of the folder; relative to this file'),
  ...selection,
  gitignore: z.boolean().default(true).describe('Whether what .gitignore files name is left out'),
  maxItems: z.int().positive().max(200_000).default(50_000).describe('Files at most; the rest is left out'),
});

export const gitSource = z.strictObject({
  git: z
    .string()
    .min(1)
    .max(2_000)
    .describe('Address of a repository: https://…, ssh://…, user@host:path, or the path of one on this machine'),
  ref: z.string().min(1).max(250).optional().describe("Branch, tag or full ref; the repository's own HEAD by default"),
  ...selection,
  protocols: z
    .array(z.enum(['https', 'http', 'ssh', 'file']))
    .min(1)
    .default(['https', 'ssh', 'file'])
    .describe('Ways it may be fetched; `file` is a path on this machine and counts only in this file'),
  user: z.string().min(1).max(250).default('git').describe('Name that goes with the token over HTTP'),
  token: z
    .string()
    .min(1)
    .optional()
    .describe('Access token or password for HTTP; best as a reference to a variable or a file'),
  maxItems: z.int().positive().max(200_000).default(50_000).describe('Files at most; the rest is left out'),
});

export const webSource = z.strictObject({
  web: plainUrl.describe('Address of a page, where reading begins'),
  depth: z.int().min(0).max(20).default(0).describe('How many links away from it or from the sitemap pages are read'),
  sitemap: z
    .union([z.boolean(), plainUrl])
    .default(false)
    .describe('Whether the pages of the sitemap are read: of that which robots.txt names, or of this address'),
  include: patterns.optional().describe('Only pages whose path fits one of these, written as in .gitignore'),
  exclude: patterns.optional().describe('Pages left out by their path'),
  query: z.boolean().default(false).describe('Whether addresses that differ behind the ? are different pages'),
  maxPages: z.int().positive().max(50_000).default(1_000).describe('Pages at most; the rest is left out'),
  delayMs: z.int().min(0).max(60_000).default(250).describe('Time between two requests; robots.txt may ask for more'),
  concurrency: z.int().positive().max(8).default(2).describe('Requests at the same time'),
});

export const packagesSource = z.strictObject({
  packages: z.string().min(1).describe('Folder with node_modules and package.json; relative to this file'),
  names: z
    .array(z.string().min(1).max(250))
    .min(1)
    .optional()
    .describe('Packages to read, `*` stands for anything; by default the direct dependencies in package.json'),
  ...selection,
  maxItems: z.int().positive().max(200_000).default(20_000).describe('Files at most; the rest is left out'),
});

const siteTimeout = ms.max(120_000).default(30_000).describe('Longest time of one request');

export const confluenceSource = z.strictObject({
  confluence: z
    .strictObject({
      url: plainUrl.describe('Address of the site, such as https://team.atlassian.net'),
      email: z.string().min(1).optional().describe('Whose API token it is; without it the token is sent as a bearer'),
      token: z.string().min(1).describe('API token; best as a reference to a variable or a file'),
      spaces: z
        .array(z.string().regex(/^~?[\w-]{1,255}$/, 'must be the key of a space'))
        .min(1)
        .optional()
        .describe('Keys of the spaces to read; all current ones by default'),
      restrictions: z
        .enum(['follow', 'ignore'])
        .default('follow')
        .describe('Whether pages that only some may view there are readable for those alone here'),
      people: z
        .record(z.string(), z.string().min(1))
        .default({})
        .describe('Principals here by account id there, for pages restricted to single people'),
      timeoutMs: siteTimeout,
    })
    .describe('A Confluence Cloud site'),
  maxItems: z.int().positive().max(200_000).default(50_000).describe('Pages at most; the rest is left out'),
});

export const jiraSource = z.strictObject({
  jira: z
    .strictObject({
      url: plainUrl.describe('Address of the site, such as https://team.atlassian.net'),
      email: z.string().min(1).optional().describe('Whose API token it is; without it the token is sent as a bearer'),
      token: z.string().min(1).describe('API token; best as a reference to a variable or a file'),
      jql: z.string().min(1).max(10_000).describe('Which issues, in the language of Jira; bounded, such as by project'),
      comments: z.boolean().default(true).describe('Whether comments that everybody may see are read'),
      timeoutMs: siteTimeout,
    })
    .describe('A Jira Cloud site'),
  maxItems: z.int().positive().max(200_000).default(50_000).describe('Issues at most; the rest is left out'),
});

export const knowledgeSource = z.union([
  folderSource,
  gitSource,
  webSource,
  packagesSource,
  confluenceSource,
  jiraSource,
]);

export type FolderSourceSettings = z.infer<typeof folderSource>;
export type GitSourceSettings = z.infer<typeof gitSource>;
export type WebSourceSettings = z.infer<typeof webSource>;
export type PackagesSourceSettings = z.infer<typeof packagesSource>;
export type ConfluenceSourceSettings = z.infer<typeof confluenceSource>;
export type JiraSourceSettings = z.infer<typeof jiraSource>;
export type SourceSettings = z.infer<typeof knowledgeSource>;
