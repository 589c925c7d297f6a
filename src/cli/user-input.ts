import type { ApiClient } from './client.ts';
import { CommandFailed } from './errors.ts';
import { listIn } from './reading.ts';

/** A person, or an invitation, by id or e-mail address. @throws CommandFailed */
export async function findUser(
  client: ApiClient,
  text: string,
  org: string | undefined,
): Promise<{ kind: 'user' | 'invitation'; id: string; email: string }> {
  const body = await client.get('/users', { org });
  const wanted = text.toLowerCase();
  for (const kind of ['user', 'invitation'] as const) {
    const found = listIn(body, `${kind}s`).find(({ id, email }) => id === text || email === wanted);
    if (found) return { kind, id: String(found.id), email: String(found.email) };
  }
  throw new CommandFailed(1, `There is nobody "${text}" here.`, 'npx fairlead users list shows who is.');
}
