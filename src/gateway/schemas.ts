import vm from 'node:vm';
import type { Options, ValidateFunction } from 'ajv';
import { Ajv } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { RE2JS } from 're2js';
import type { JsonObject } from '../kernel/json.ts';

/** Checks a value against a JSON Schema. */
export interface SchemaChecks {
  /**
   * Faults of a value against a schema, at most ten, worded for an agent; empty when it fits.
   * `key` identifies the schema (a digest): it is compiled once per key.
   * Throws `SchemaFault` for a schema that cannot be used.
   */
  faults(key: string, schema: JsonObject, value: unknown): string[];
}

/** The schema itself is at fault. */
export class SchemaFault extends Error {
  override name = 'SchemaFault';
}

const maxSchemaLength = 256 * 1024;
const maxCompiled = 2_000;
const patternTimeoutMs = 50;
/** Of all values of one check that take longer than most do. */
const patternsTimeoutMs = 200;
const usualPatternMs = 10;

/**
 * Compiled validators by digest. Schemas come from strangers: their size is bounded, nothing is fetched for a
 * `$ref`, and patterns run in linear time (RE2), or, where they need what RE2 lacks, under a time limit.
 */
export function createSchemaChecks(): SchemaChecks {
  const compiled = new Map<string, ValidateFunction | SchemaFault>();
  const patience: Patience = { leftMs: patternsTimeoutMs };

  const compile = (key: string, schema: JsonObject, allErrors = false): ValidateFunction => {
    let entry = compiled.get(key);
    if (!entry) {
      entry = tryCompile(schema, allErrors, patience);
      if (compiled.size >= maxCompiled) compiled.delete(compiled.keys().next().value ?? '');
      compiled.set(key, entry);
    }
    if (entry instanceof SchemaFault) throw entry;
    return entry;
  };

  return {
    faults(key, schema, value) {
      const validate = compile(key, schema);
      patience.leftMs = patternsTimeoutMs;
      if (holds(validate, value)) return [];
      // All faults at once help an agent; collecting them is not bounded, so only small values get that.
      const explain = JSON.stringify(value).length < 64 * 1024 ? compile(`all ${key}`, schema, true) : validate;
      holds(explain, value);
      const faults = (explain.errors ?? []).map((error) => {
        const where = error.instancePath ? `"${error.instancePath.slice(1).replaceAll('/', '.')}" ` : '';
        const extra = 'additionalProperty' in error.params ? ` ("${String(error.params.additionalProperty)}")` : '';
        const allowed = 'allowedValues' in error.params ? `: ${JSON.stringify(error.params.allowedValues)}` : '';
        return `${where}${error.message ?? 'is not valid'}${extra}${allowed}`.slice(0, 300);
      });
      return [...new Set(faults)].slice(0, 10);
    },
  };
}

/** @throws SchemaFault for a schema that comes back to itself without having looked at a part of the value */
function holds(validate: ValidateFunction, value: unknown): boolean {
  try {
    return validate(value);
  } catch (error) {
    if (error instanceof RangeError) throw new SchemaFault('it refers to itself without end');
    throw error;
  }
}

/** How long patterns that run under a time limit may go on together. */
interface Patience {
  leftMs: number;
}

function tryCompile(schema: JsonObject, allErrors: boolean, patience: Patience): ValidateFunction | SchemaFault {
  if (JSON.stringify(schema).length > maxSchemaLength) {
    return new SchemaFault(`it is larger than ${maxSchemaLength / 1024} KiB`);
  }
  const regExp = Object.assign((pattern: string) => linearRegExp(pattern, patience), { code: 'require("re2js")' });
  const options: Options = { strict: false, allErrors, logger: false, validateFormats: true, code: { regExp } };
  // A new instance each time: `$id`s of different upstreams must not meet.
  const ajv = String(schema.$schema ?? '').includes('draft-07') ? new Ajv(options) : new Ajv2020(options);
  formats.default(ajv, { mode: 'fast' });
  try {
    const { $schema: _, ...rest } = schema; // an unknown dialect is read as 2020-12, as MCP has it
    return ajv.compile(rest);
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    return new SchemaFault(/can't resolve reference/.test(reason) ? 'it refers to a schema outside of itself' : reason);
  }
}

interface Pattern {
  test(text: string): boolean;
  /** Ajv keeps patterns apart by their text. */
  toString(): string;
}

function linearRegExp(pattern: string, patience: Patience): Pattern {
  const asKey = () => `pattern:${pattern}`;
  try {
    const re2 = RE2JS.compile(RE2JS.translateRegExp(pattern));
    return { test: (text) => re2.matcher(text).find(), toString: asKey };
  } catch {
    const native = new RegExp(pattern, 'u'); // look-around or back-references; throws for a pattern that is none
    const script = new vm.Script('regexp.test(text)');
    return {
      toString: asKey,
      test(text) {
        if (patience.leftMs <= 0) return false;
        const startedAt = performance.now();
        try {
          return script.runInNewContext({ regexp: native, text }, { timeout: patternTimeoutMs }) === true;
        } catch {
          return false; // too costly to decide: not accepted
        } finally {
          const tookMs = performance.now() - startedAt;
          if (tookMs > usualPatternMs) patience.leftMs -= tookMs;
        }
      },
    };
  }
}
