import type { CommandSpec } from '../command.ts';
import { serve } from './serve.ts';

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [serve];
