import { isObject, type Json, type JsonObject } from '../../kernel/json.ts';
import type { Meter } from './limits.ts';
import { type Path, readPath, type Segment, writePath } from './paths.ts';

/** What stays of a value, with the paths that found nothing. */
export interface Selected {
  value: Json;
  notes: string[];
}

/** The value with nothing in it but what the paths lead to, in the shape that it has. */
export function select(value: Json, paths: readonly Path[], meter: Meter): Selected {
  const notes = paths.flatMap((path) => {
    const found = readPath(value, path, 'the result', meter);
    return 'reason' in found ? [`select "${writePath(path)}" finds nothing: ${found.reason}`] : [];
  });
  return { value: kept(value, paths, meter) ?? null, notes };
}

function kept(value: Json, paths: readonly Path[], meter: Meter): Json | undefined {
  if (paths.some((path) => path.length === 0)) return value;
  if (Array.isArray(value)) {
    meter(value.length * paths.length);
    return value.flatMap((item, at) => {
      const inner = restsOf(paths, (segment) => isAt(segment, at));
      const left = inner.length === 0 ? undefined : kept(item, inner, meter);
      return left === undefined ? [] : [left];
    });
  }
  if (!isObject(value)) return undefined;
  const object: JsonObject = {};
  for (const [first] of paths) {
    if (first?.kind !== 'key' || Object.hasOwn(object, first.key) || !Object.hasOwn(value, first.key)) continue;
    const inner = restsOf(paths, (segment) => segment.kind === 'key' && segment.key === first.key);
    const left = kept((value as JsonObject)[first.key] ?? null, inner, meter);
    if (left !== undefined) object[first.key] = left;
  }
  return object;
}

/** What is left of those paths that begin here. */
function restsOf(paths: readonly Path[], begins: (segment: Segment) => boolean): Path[] {
  return paths.flatMap((path) => (path[0] && begins(path[0]) ? [path.slice(1)] : []));
}

function isAt(segment: Segment, at: number): boolean {
  if (segment.kind === 'key') return segment.key === String(at);
  if (segment.kind === 'index') return segment.index === at;
  return at >= segment.from && (segment.to === undefined || at < segment.to);
}
