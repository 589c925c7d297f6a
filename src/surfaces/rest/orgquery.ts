import { z } from '@hono/zod-openapi';

export const orgQuery = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,38}$/, 'is not the id of an organisation')
  .optional()
  .openapi({ description: 'Organisation to act in; your own when absent', example: 'acme' });
