import type { SourceSettings } from '../../../config/knowledge-schema.ts';
import { openConfluence } from './connectors/confluence.ts';
import { openJira } from './connectors/jira.ts';
import { openFolder } from './folder.ts';
import { openGit } from './git/git.ts';
import { openPackages } from './packages.ts';
import type { Source, SourceDeps } from './types.ts';
import { openWeb } from './web/web.ts';

/** The source that settings describe. Throws `SourceMisconfigured`; nothing is opened before `scan`. */
export function openSource(settings: SourceSettings, deps: SourceDeps): Source {
  if ('folder' in settings) return openFolder(settings, deps);
  if ('git' in settings) return openGit(settings, deps);
  if ('web' in settings) return openWeb(settings, deps);
  if ('packages' in settings) return openPackages(settings, deps);
  if ('confluence' in settings) return openConfluence(settings, deps);
  return openJira(settings, deps);
}
