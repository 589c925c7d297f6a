import type { CommandSpec } from '../command.ts';
import { call } from './call.ts';
import { connect } from './connect.ts';
import { serve } from './serve.ts';

/** Every command, in the order of the help. */
export const commands: readonly CommandSpec[] = [serve, connect, call];
