import { digestOf } from '../../../../kernel/digest.ts';
import type { SourceItem } from '../../sources/index.ts';

/** What a source says of a document beside its content and its readers. */
export interface Told {
  url?: string;
  /** Milliseconds since the epoch. */
  changedAt?: number;
  metadata: SourceItem['metadata'];
}

export function toldOf({ url, changedAt, metadata }: SourceItem): Told {
  return { ...(url === undefined ? {} : { url }), ...(changedAt === undefined ? {} : { changedAt }), metadata };
}

/**
 * Equal for what is told alike; kept with the document, so that a look at it costs no comparison of its parts. The title
 * stands for itself in it, since where that differs the document is indexed anew.
 */
export function digestOfTold(told: Told, title: string | undefined): string {
  return [told, title ?? null].map((part) => digestOf(part).slice(-24)).join(':');
}

export function hasSameTitle(one: string, other: string): boolean {
  return one.split(':')[1] === other.split(':')[1];
}
