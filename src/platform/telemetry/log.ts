import { format } from 'node:util';
import { type DestinationStream, type Logger, pino } from 'pino';
import { redactText, redactValue } from './redaction.ts';

/** Child bindings that the house uses: requestId, executionId, userId, orgId, tool, durationMs. */
export type Log = Logger;

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

export interface LogOptions {
  level: LogLevel;
  /** The field `service` of each line. */
  service: string;
  /** Values that must not appear in any line, such as configured keys; asked with each line where they change. */
  secrets?: readonly string[] | (() => readonly string[]);
  /** Where the lines go; standard error by default, since standard output belongs to commands and to stdio. */
  destination?: DestinationStream;
}

const maxText = 8_192;

/**
 * One JSON object a line with `timestamp` (ISO 8601), `severity`, `service` and `message`. Secrets are taken out by
 * key and by pattern, of messages, fields, child bindings and errors alike. A change of `level`, on whichever child,
 * counts for all of them.
 */
export function createLog({ level: first, service, secrets = [], destination }: LogOptions): Log {
  const secretsNow = typeof secrets === 'function' ? secrets : () => secrets;
  const rulesNow = () => ({ secrets: secretsNow(), maxText });
  let level = first;
  let least = severityOf(level);
  const log = pino(
    {
      // A child of pino keeps the level that its parent had when it was made, so pino writes all that it is given.
      level: 'trace',
      base: { service },
      messageKey: 'message',
      errorKey: 'error',
      timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ severity: label.toUpperCase() }) },
      // Errors are plain objects by the time pino sees them; its own serializers would dress them up again.
      serializers: { err: (error) => error, error: (error) => error },
      hooks: {
        logMethod(args: unknown[], method, severity) {
          if (severity < least) return;
          const [first, ...rest] = args;
          const hasFields = typeof first === 'object' && first !== null;
          const fields = hasFields
            ? asFields(redactValue(first instanceof Error ? { error: first } : first, rulesNow()))
            : {};
          const words = hasFields || first === undefined || first === null ? rest : args;
          const message = words.length > 0 ? format(...words) : messageOf(fields);
          if (message === undefined) method.call(this, fields);
          else method.call(this, fields, redactText(message, secretsNow()));
        },
      },
    },
    destination ?? pino.destination({ fd: 2, sync: true }),
  );

  // pino resets the formatter of child bindings in children, so the method itself is wrapped; children inherit it.
  const child = log.child;
  log.child = function redactingChild(this: Logger, bindings: object, options?: object) {
    return child.call(this, asFields(redactValue(bindings, rulesNow())), { ...options, level: 'trace' });
  } as typeof log.child;
  const setBindings = log.setBindings;
  log.setBindings = function redactingBindings(this: Logger, bindings: object) {
    setBindings.call(this, asFields(redactValue(bindings, rulesNow())));
  };
  Object.defineProperty(log, 'level', {
    get: () => level,
    set(next: LogLevel) {
      least = severityOf(next);
      level = next;
    },
  });
  log.isLevelEnabled = (name) => severityOf(name) >= least;
  return log;
}

function severityOf(level: string): number {
  const severity = level === 'silent' ? Number.POSITIVE_INFINITY : pino.levels.values[level];
  if (severity === undefined) throw new RangeError(`there is no log level ${level}`);
  return severity;
}

function messageOf(fields: Record<string, unknown>): string | undefined {
  for (const error of [fields.error, fields.err]) {
    if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message);
  }
  return undefined;
}

function asFields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : { value };
}
