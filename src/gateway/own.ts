import type { JsonObject } from '../kernel/json.ts';

export const statusUri = 'fairlead://status';

/** Fairlead's own resources, as listed. */
export const ownResources: readonly JsonObject[] = [
  {
    uri: statusUri,
    name: 'status',
    title: 'What is behind this endpoint',
    description:
      'Every toolset with its state, the number of its tools and, if something is wrong, the reason. Read it when a tool that you expect is missing or marked stale.',
    mimeType: 'application/json',
  },
];

export function isOwnUri(uri: string): boolean {
  return uri.startsWith('fairlead://');
}
