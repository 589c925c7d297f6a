import { run, type Service, which } from './service.ts';

/** Why containers cannot be used here, or undefined when they can. */
export async function dockerFault(): Promise<string | undefined> {
  if (which('docker') === undefined) return 'docker is not installed';
  try {
    await run('docker', ['info', '--format', '{{.ServerVersion}}'], { limitMs: 10_000 });
    return undefined;
  } catch {
    return 'no Docker engine answers';
  }
}

export interface Container {
  name: string;
  image: string;
  port: number;
  env?: Record<string, string>;
  args?: readonly string[];
  urlOf(address: string): string;
  answers(url: string): Promise<boolean>;
}

/** Runs a container that is removed when it ends; its port is one that Docker picked on loopback. */
export async function startContainer(container: Container): Promise<Service> {
  const { name, image, port, env = {}, args = [], urlOf, answers } = container;
  const variables = Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]);
  const started = await run(
    'docker',
    ['run', '--detach', '--rm', '--publish', `127.0.0.1::${port}`, ...variables, image, ...args],
    { limitMs: 300_000 }, // the first time it is downloaded
  );
  const id = started.trim();
  const stop = async () => {
    await run('docker', ['stop', '--time', '10', id], { limitMs: 30_000 });
  };
  const pause = async () => {
    await run('docker', ['pause', id]);
    return async () => void (await run('docker', ['unpause', id]));
  };
  try {
    const [address = ''] = (await run('docker', ['port', id, `${port}/tcp`])).trim().split('\n');
    const url = urlOf(address);
    const until = Date.now() + 60_000;
    while (!(await answers(url))) {
      if (Date.now() > until) throw new Error(`${image} does not answer`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    return { name: `${name} (Docker, ${image})`, url, stop, pause };
  } catch (error) {
    await stop();
    throw error;
  }
}
