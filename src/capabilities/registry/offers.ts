import type { Listed, Package, Read, Remote } from './format.ts';
import { runnerOf } from './packages.ts';
import { unfitRemote } from './remotes.ts';

/** One way in which a server is to be had, counted from 1 within its kind. */
export type Offer = {
  number: number;
  /** In a few words, such as `npm @acme/weather@1.2.0`. */
  label: string;
  /** Why it cannot be put behind Fairlead. */
  reason?: string;
} & ({ kind: 'package'; value?: Package } | { kind: 'remote'; value?: Remote });

/** All ways in which it is to be had, packages first. */
export function offersOf({ packages, remotes }: Listed): Offer[] {
  return [...packages.map(offerOfPackage), ...remotes.map(offerOfRemote)];
}

function offerOfPackage(read: Read<Package>, index: number): Offer {
  const base = { kind: 'package', number: index + 1 } as const;
  if (!('value' in read)) return { ...base, label: labelOf(read.raw, ['registryType', 'identifier']), ...unread(read) };
  const { registryType, identifier, version } = read.value;
  const runner = runnerOf(read.value);
  return {
    ...base,
    value: read.value,
    label: `${registryType} ${identifier}${version && registryType !== 'mcpb' ? `@${version}` : ''}`,
    ...('reason' in runner ? { reason: runner.reason } : {}),
  };
}

function offerOfRemote(read: Read<Remote>, index: number): Offer {
  const base = { kind: 'remote', number: index + 1 } as const;
  if (!('value' in read)) return { ...base, label: labelOf(read.raw, ['type', 'url']), ...unread(read) };
  const reason = unfitRemote(read.value);
  return {
    ...base,
    value: read.value,
    label: `${read.value.type} ${read.value.url}`,
    ...(reason === undefined ? {} : { reason }),
  };
}

function unread({ faults }: { faults: readonly string[] }): { reason: string } {
  return { reason: `it is not as the format has it (${faults.join('; ')})` };
}

function labelOf(raw: unknown, keys: readonly string[]): string {
  const record = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const texts = keys.map((key) => record[key]).filter((each) => typeof each === 'string');
  return texts.join(' ').slice(0, 200) || '?';
}
