export type Audited =
  | { asked: false; reason: string }
  /** How many packages have something known against them, and which. */
  | { asked: true; found: string[] };

/** Reads what `npm audit --json` printed. What is no report of vulnerabilities is no answer, however it came about. */
export function readAudit(text: string): Audited {
  let report: unknown;
  try {
    report = JSON.parse(text);
  } catch {
    return { asked: false, reason: 'npm audit printed no report' };
  }
  const { vulnerabilities, metadata, message } = (report ?? {}) as {
    vulnerabilities?: Record<string, { severity?: string; range?: string }>;
    metadata?: { vulnerabilities?: { total?: number } };
    message?: string;
  };
  // Both: an empty object alone could be a registry that does not know the question.
  if (typeof vulnerabilities !== 'object' || typeof metadata?.vulnerabilities?.total !== 'number')
    return { asked: false, reason: message ?? 'the registry gave no report' };
  const found = Object.entries(vulnerabilities).map(
    ([name, { severity = 'unknown', range = '' }]) => `${name} ${range} (${severity})`,
  );
  return { asked: true, found };
}
