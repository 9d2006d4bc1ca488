/** The operator's commands over HTTP: `GET /status` for everybody, the rest for those who know the secret. */
import { z } from 'zod';
import { replicaSchema } from '../../config/cluster-schema.js';
import { PsmrError } from '../../errors.js';
import { jsonAnswer, type HttpRoute } from '../http-endpoint.js';
import type { Guard } from './guarded-route.js';
import type { ReplicaAdmin } from './replica-admin.js';

const group = z.int().min(0);
const replica = z.int().min(1);

const bodies = {
  leader: z.strictObject({ group, to: replica }),
  members: z.union([z.strictObject({ group, add: replica }), z.strictObject({ group, remove: replica })]),
  replicas: z.strictObject({ replica: replicaSchema }),
};

const ACCEPTED = {
  leader: '{ "group": 1, "to": 2 }',
  members: '{ "group": 1, "add": 4 } or { "group": 1, "remove": 4 }',
  replicas: '{ "replica": { "id": 4, "hosts": ["10.0.0.4"] } }, as in the configuration',
} as const;

export function adminRoutes(admin: ReplicaAdmin, guard: Guard): HttpRoute[] {
  const post = (path: string, act: (body: Uint8Array) => Promise<unknown>): HttpRoute =>
    guard.route({ method: 'POST', path, handle: async ({ body }) => jsonAnswer(await act(body)) });
  return [
    { method: 'GET', path: '/status', handle: () => jsonAnswer(admin.status()) },
    post('/checkpoint', () => admin.checkpoint()),
    post('/leader', async (body) => {
      const asked = parseBody('leader', bodies.leader, body);
      checkGroup(admin, asked.group);
      return { progress: await admin.moveLeader(asked.group, asked.to) };
    }),
    post('/members', async (body) => {
      const asked = parseBody('members', bodies.members, body);
      checkGroup(admin, asked.group);
      const progress =
        'add' in asked
          ? await admin.addMember(asked.group, asked.add)
          : await admin.removeMember(asked.group, asked.remove);
      return { progress };
    }),
    post('/replicas', async (body) => {
      await admin.learnReplica(parseBody('replicas', bodies.replicas, body).replica);
      return { progress: 'done' };
    }),
  ];
}

function checkGroup(admin: ReplicaAdmin, asked: number): void {
  const groups = admin.status().groups.length;
  if (asked >= groups)
    throw new PsmrError('INVALID_ARGUMENT', `There is no group ${asked}: groups are 0 to ${groups - 1}.`);
}

function parseBody<T>(path: keyof typeof ACCEPTED, schema: z.ZodType<T>, body: Uint8Array): T {
  const wrong = (what: string): PsmrError =>
    new PsmrError('INVALID_ARGUMENT', `The body of POST /${path} ${what}; it accepts ${ACCEPTED[path]}.`);
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(body));
  } catch {
    throw wrong('is not JSON');
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw wrong(`is wrong at '${issue?.path.join('.') ?? ''}': ${issue?.message ?? 'not as described'}`);
}
