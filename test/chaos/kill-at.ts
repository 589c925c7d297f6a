// Loaded into a server before anything else: ends it as SIGKILL does, at the step that KILL_AT names, as soon as a call gets there.
import { subscribe } from 'node:diagnostics_channel';

subscribe('fairlead.steps', (message) => {
  if ((message as { step: string }).step === process.env.KILL_AT) process.kill(process.pid, 'SIGKILL');
});
