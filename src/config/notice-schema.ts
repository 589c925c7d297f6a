import { z } from 'zod';
import { webUrl } from './words.ts';

// Destinations whose events people read; what all destinations have stands beside those of programs.

/** A webhook of Slack, or of what takes the same messages. */
export const slackFields = {
  type: z.literal('slack'),
  url: webUrl.describe('Incoming webhook of Slack, Mattermost or Rocket.Chat; whoever knows it can post there'),
};

/** A mail server. */
export const emailFields = {
  type: z.literal('email'),
  host: z.string().min(1).max(255).describe('The mail server'),
  port: z.int().min(1).max(65_535).default(587),
  security: z
    .enum(['starttls', 'tls', 'none'])
    .default('starttls')
    .describe('TLS after STARTTLS, which the server must offer, or from the beginning; none only where nobody listens'),
  ca: z.string().min(1).optional().describe('PEM of the authority of its certificate, by a reference to a file'),
  username: z.string().min(1).optional(),
  password: z.string().min(1).optional(),
  from: z.email().describe('Address of the sender'),
  fromName: z.string().min(1).max(100).default('Fairlead').describe('Name of the sender'),
  to: z
    .array(z.email())
    .max(100)
    .default([])
    .describe('Who gets every event, beside the members whom one concerns: of an approval those who may decide on it'),
};
