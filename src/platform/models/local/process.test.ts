import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import type { ManagedProcess } from '../../process/index.ts';
import { startModel } from './process.ts';

it('survives what its process says beside the answers, and tells who waits that it ended [KN-6]', async () => {
  const { promise: exited, resolve: exit } = Promise.withResolvers<{ code: number | null; signal: 'SIGKILL' }>();
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const kill = async () => exit({ code: null, signal: 'SIGKILL' });
  const child = { ...{ stdin, stdout, stderr, exited, kill } } as unknown as ManagedProcess;
  const ended: string[] = [];
  const how = { directory: '/model', file: 'model.onnx', subfolder: '', pooling: 'mean', threads: 1 } as const;
  const model = await startModel({ spawn: async () => child }, how, (reason) => void ended.push(reason));
  const asked = model.ask(['text']);
  stdout.write('a library says that it has found a processor\n');
  await expect(asked).rejects.toThrow('it ended with SIGKILL');
  expect(ended).toHaveLength(1);
});
