import type { ErrorKind } from '../../src/kernel/errors.ts';

const intro = `# Errors

Made from the code by \`npm run reference\`. Every refusal and failure says the same things on every surface:

| field | meaning |
| --- | --- |
| \`code\` | which error of this page it is |
| \`category\` | what kind of trouble: \`authentication\`, \`permission\`, \`validation\`, \`not_found\`, \`rate_limit\`, \`external_service\`, \`timeout\` or \`internal\`; decide by this |
| \`retryable\` | whether the same request can succeed later without a change |
| \`retryAfter\` | seconds to wait before that, where it is known |
| \`message\` | what is wrong |
| \`suggestedAction\` | what to do next |
| \`callId\` | the call, as the audit knows it |

Over MCP a bad credential is HTTP 401, an unknown tool is the JSON-RPC error -32602, and everything that happens to a call
after that is a tool result with \`isError: true\`: its text holds message and suggested action, and
\`_meta["dev.fairlead/error"]\` the whole object. Over REST it is \`application/problem+json\` (RFC 9457) with these fields,
and for the end of a call \`{callId, outcome, error}\`, with the status of its outcome:

| outcome | status |
| --- | --- |
| \`ok\`, \`tool_error\` | 200 |
| \`pending_approval\` | 202 |
| \`invalid\` | 400 |
| \`denied\` | 403; 404 for what is not there or not for you |
| \`blocked\` | 403 |
| \`limited\` | 429 |
| \`cancelled\` | 499 |
| \`failed\` | 502; 504 when time ran out; 503 when this server itself cannot take the call (\`AUDIT_QUEUE_FULL\`, \`SHUTTING_DOWN\`) or not record it (\`AUDIT_UNAVAILABLE\`) |

What is wrong with an idempotency key is a problem of its own, with the status below and the \`callId\` of its record.
`;

/** The page of the error catalogue. */
export function errorsPage(catalogue: readonly { part: string; errors: readonly ErrorKind[] }[]): string {
  const parts = catalogue.map(({ part, errors }) => `## ${part}\n\n${errors.map(entryOf).join('\n')}`);
  return `${[intro, ...parts].join('\n').trimEnd()}\n`;
}

function entryOf({ code, spec }: ErrorKind): string {
  const { status, category, retryable, message, action } = spec;
  return [
    `### ${code}`,
    '',
    `Status ${status}, \`${category}\`, ${retryable ? 'worth trying again' : 'trying again does not help'}.`,
    '',
    `> ${plain(message)}`,
    '',
    plain(action),
    '',
  ].join('\n');
}

/** Placeholders in code, so that they are not taken for markup. */
function plain(text: string): string {
  return text.replace(/[<>]/g, (sign) => (sign === '<' ? '&lt;' : '&gt;')).replace(/\{(\w+)\}/g, '`{$1}`');
}
