import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/config/index.ts';

/** What tools of the fixture `ledger` were run, and the policy by which they need consent: all of them but `free`. */
export interface Ledger {
  config: Record<string, unknown>;
  /** `<tool> <text>`, a line for each run. */
  lines(): string[];
  /** Writes a policy file; it counts once the server reads the folder again. */
  policy(name: string, text: string): void;
  remove(): void;
}

export function openLedger(): Ledger {
  const folder = mkdtempSync(join(tmpdir(), 'fairlead-ledger-'));
  const file = join(folder, 'lines');
  const policies = join(folder, 'policies');
  mkdirSync(policies);
  const policy = (name: string, text: string) => writeFileSync(join(policies, name), text);
  policy(
    'consent.cedar',
    `@id("ask-first")
forbid (principal, action == Action::"callUnattended", resource)
when { resource in [Tool::"ledger.pay", Tool::"ledger.typed"] };
@id("confirm-first") @consent("confirm")
forbid (principal, action == Action::"callUnattended", resource == Tool::"ledger.set");`,
  );
  return {
    config: {
      policies: { folder: policies },
      upstreams: {
        ledger: {
          command: process.execPath,
          args: [join(packageRoot, 'test/fixtures/servers/ledger.ts'), file],
          startTimeoutMs: 60_000,
        },
      },
    },
    lines: () => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []),
    policy,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
