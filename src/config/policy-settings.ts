import { resolve } from 'node:path';
import type { z } from 'zod';
import { configInvalid } from './errors.ts';
import { at, type Fault, renderFault, schemaFaults } from './faults.ts';
import { findFile, localIn, readFile } from './file.ts';
import type { LoadOptions } from './load.ts';
import { expandReferences } from './references.ts';
import { fileSchema, type Settings, serverSchema } from './schema.ts';

const parts = [
  { path: ['policies'], schema: fileSchema.shape.policies },
  { path: ['projections'], schema: fileSchema.shape.projections },
  { path: ['server', 'environment'], schema: serverSchema.shape.environment },
] as const;

/**
 * What policies go by, whatever else is wrong with the file: no secret and no upstream is needed to decide by files.
 * Throws `ConfigInvalid` for faults of these parts, and where the file cannot be read.
 */
export function namePolicies({
  env,
  flags,
  cwd,
}: Pick<LoadOptions, 'env' | 'flags' | 'cwd'>): Pick<Settings, 'policies' | 'projections' | 'environment'> {
  const { document, name, baseDir, unread } = readFile(findFile(env, flags, cwd));
  const broken = document.faults.map((fault) => renderFault(fault, name));
  if (unread !== undefined || broken.length > 0) throw configInvalid(unread === undefined ? broken : [unread]);
  const faults: Fault[] = [];
  const values = parts.map(({ path, schema }) => {
    const expanded = expandReferences(at(document.value, path), localIn({ env, baseDir }));
    const parsed = (schema as z.ZodType).safeParse(expanded.value);
    faults.push(...expanded.faults.map((fault) => ({ ...fault, path: [...path, ...fault.path] })));
    if (!parsed.success) faults.push(...schemaFaults(schema, parsed.error.issues, expanded.value, [...path]));
    return parsed.data;
  });
  if (faults.length > 0)
    throw configInvalid(faults.map((fault) => renderFault({ line: document.lineOf(fault.path), ...fault }, name)));
  const [policies, projections, environment] = values as [Settings['policies'], Settings['projections'], string];
  return {
    policies: { ...policies, ...(policies.folder ? { folder: resolve(baseDir, policies.folder) } : {}) },
    projections,
    environment: environment ?? 'local',
  };
}
