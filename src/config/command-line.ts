import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';

/** What the environment says to the commands that talk to a running server. */
export interface CommandLineSettings {
  /** FAIRLEAD_URL: address of the server. */
  url?: string;
  /** FAIRLEAD_KEY: API key. */
  key?: string;
  /** Where each server that runs on this machine is noted down. */
  startNotes: string;
  /** What `fairlead login` got, by server. */
  logins: string;
  /** Whether colours are wanted where the output is a terminal. */
  colour: boolean;
}

export function commandLineSettings(env: NodeJS.ProcessEnv): CommandLineSettings {
  // A relative path is to be ignored, as the XDG specification says.
  const stated = env.XDG_STATE_HOME && isAbsolute(env.XDG_STATE_HOME) ? env.XDG_STATE_HOME : undefined;
  const configured = env.XDG_CONFIG_HOME && isAbsolute(env.XDG_CONFIG_HOME) ? env.XDG_CONFIG_HOME : undefined;
  const home = env.HOME || env.USERPROFILE || homedir();
  return {
    ...(env.FAIRLEAD_URL ? { url: env.FAIRLEAD_URL } : {}),
    ...(env.FAIRLEAD_KEY ? { key: env.FAIRLEAD_KEY } : {}),
    startNotes: join(stated ?? join(home, '.local', 'state'), 'fairlead', 'servers'),
    logins: join(configured ?? join(home, '.config'), 'fairlead', 'logins.json'),
    colour: !env.NO_COLOR && env.TERM !== 'dumb',
  };
}
