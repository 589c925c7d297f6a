import type { Egress } from '../../../platform/http/index.ts';
import type { Processes } from '../../../platform/process/index.ts';

/** A document as its source tells of it, before it is read. */
export interface SourceItem {
  /** Its identity in the source: `docs/a.md` of a folder, `https://...` of a page, `npm:zod@4.1.0/README.md`. */
  uri: string;
  /** File name or the like: tells the kind, together with `mediaType`. */
  name: string;
  /**
   * Changes when the content may have changed: blob id, etag, size and time. An equal one spares the reading; readers
   * and metadata may be others all the same.
   */
  revision?: string;
  /** Milliseconds since the epoch, by the source. */
  changedAt?: number;
  mediaType?: string;
  /** The source's own title, if it has one. */
  title?: string;
  /** Where a person can open it. */
  url?: string;
  /**
   * Subjects who may read it: `group:<source>/<name>`, `principal:...`, `team:...`. Absent: those of the collection; empty:
   * nobody.
   */
  readers?: string[];
  metadata: Record<string, string | number | boolean>;
  /**
   * The content, at most `maxItemBytes`. May be called once more, and after the scan. Throws `SourceItemGone`,
   * `SourceItemUnfit`, `SourceItemUnavailable`, and the signal's reason.
   */
  read(signal: AbortSignal): Promise<Uint8Array>;
}

export interface Gone {
  gone: string;
}

export interface ScanOptions {
  /** What the last scan returned, if all that it yielded was taken in. */
  cursor?: string | undefined;
  signal: AbortSignal;
  /** What could not be had this time. It says nothing of the item being gone: what is known of it stays. */
  problem(uri: string, reason: string): void;
  /** What is there and left out for a reason. It counts as gone, as everything that is not yielded. */
  skipped?(uri: string, reason: string): void;
}

export interface ScanEnd {
  /** For the next scan. */
  cursor?: string | undefined;
  /** Whether all was seen, so that what was neither yielded nor named as a problem is gone. */
  whole: boolean;
}

export interface Source {
  kind: SourceKind;
  /**
   * Yields what is there, or what changed since `cursor`. Throws `SourceUnavailable`, `SourceRefused`, `SourceMisconfigured` when nothing can be
   * said of the source as a whole; one bad item is a problem and never ends it.
   */
  scan(options: ScanOptions): AsyncGenerator<SourceItem | Gone, ScanEnd>;
}

export type SourceKind = 'folder' | 'git' | 'web' | 'packages' | 'confluence' | 'jira';

export interface SourceDeps {
  /** Folder that relative paths in the settings are relative to. */
  baseDir: string;
  /** Folder for what sources keep, such as mirrors; made when needed. One for each organisation. */
  dataDir: string;
  /**
   * Whether the operator wrote the settings into the file. Others may read neither this machine's folders nor addresses
   * that are not public. Pages are guarded in any case, since they decide where their links lead.
   */
  trusted: boolean;
  /** Name and version, as in `fairlead/1.2.3`: what servers and their robots.txt know us by. */
  userAgent: string;
  egress: Pick<Egress, 'fetch' | 'reachable'>;
  processes: Pick<Processes, 'spawn'>;
}
