export {
  GitMissing,
  SourceItemGone,
  SourceItemUnavailable,
  SourceItemUnfit,
  SourceMisconfigured,
  SourceRefused,
  SourceUnavailable,
  sourcesErrors,
} from './errors.ts';
export { openSource } from './open.ts';
export type { Gone, ScanEnd, ScanOptions, Source, SourceDeps, SourceItem, SourceKind } from './types.ts';
export { createPages, type FetchPage } from './web/page.ts';
