import type { Listed } from './format.ts';

/** Newest first: what the registry calls the latest, then by version, then by the day of publishing. */
export function newestFirst(servers: readonly Listed[]): Listed[] {
  return [...servers].sort(
    (a, b) =>
      Number(b.isLatest ?? false) - Number(a.isLatest ?? false) ||
      compareVersions(b.version, a.version) ||
      (b.publishedAt ?? '').localeCompare(a.publishedAt ?? ''),
  );
}

/** The newest version of each server that is not deleted. */
export function latestOfEach(servers: readonly Listed[]): Listed[] {
  const byName = new Map<string, Listed[]>();
  for (const server of servers) {
    if (server.status === 'deleted') continue;
    const before = byName.get(server.name);
    if (before) before.push(server);
    else byName.set(server.name, [server]);
  }
  return [...byName.values()].flatMap((versions) => newestFirst(versions).slice(0, 1));
}

/** As semantic versions where they are such; others by their numbers and texts in turn. */
export function compareVersions(a: string, b: string): number {
  const [one, other] = [partsOf(a), partsOf(b)];
  for (let at = 0; at < Math.max(one.numbers.length, other.numbers.length); at++) {
    const difference = (one.numbers[at] ?? 0) - (other.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  // Something before a release comes before it.
  if (one.rest === '' || other.rest === '') return Number(other.rest !== '') - Number(one.rest !== '');
  return one.rest.localeCompare(other.rest, 'en', { numeric: true });
}

function partsOf(version: string): { numbers: number[]; rest: string } {
  const [, numbers = '', rest = ''] = /^v?(\d+(?:\.\d+)*)?[-.]?([^+]*)/.exec(version) ?? [];
  return { numbers: numbers.split('.').map(Number), rest };
}
