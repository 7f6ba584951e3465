/** What the API takes and gives. Its checks, its answers and its description are made from this. */
import Type from 'typebox';

const text = (description: string, maxLength = 2000) => Type.String({ description, maxLength });
const time = Type.String({ format: 'date-time' });
const oneOf = <const V extends readonly string[]>(...values: V) => Type.Enum([...values] as const);

export const RequestBody = Type.Object(
  {
    repo: Type.String({
      description: 'Clone URL, spec (gh/org/repo/ref), the address of a page of a git host, or a DOI',
      minLength: 1,
      maxLength: 2000,
    }),
    ref: Type.Optional(text('Branch, tag or commit; HEAD when there is none', 250)),
    subdir: Type.Optional(text('Folder in which environment files are looked for', 500)),
    urlpath: Type.Optional(text('What opens in the session')),
    buildOnly: Type.Optional(Type.Boolean({ description: 'Ends with the image, starts no session' })),
    refresh: Type.Optional(Type.Boolean({ description: 'Plans and builds anew what is kept; operators only' })),
  },
  { additionalProperties: false },
);

export const Failure = Type.Object(
  {
    code: Type.String({ description: 'Stable name of what went wrong' }),
    message: Type.String(),
    hint: Type.Optional(Type.String({ description: 'What to do about it' })),
    blame: oneOf('user', 'operator', 'upstream', 'bug'),
    status: Type.Integer(),
    retryable: Type.Boolean({ description: 'The same may succeed later without anybody changing anything' }),
  },
  { description: 'What went wrong' },
);

export const LaunchAnswer = Type.Object({
  id: Type.String({ description: 'The right to see and to cancel this launch: keep it to yourself' }),
  state: oneOf('resolving', 'building', 'launching', 'ready', 'failed', 'cancelled'),
  repo: Type.String({ description: 'Canonical URL' }),
  provider: Type.String(),
  ref: Type.String(),
  commit: Type.Optional(Type.String()),
  subdir: Type.String(),
  urlpath: Type.Optional(Type.String()),
  buildOnly: Type.Boolean(),
  createdAt: time,
  endedAt: Type.Optional(time),
  build: Type.Optional(Type.String({ description: 'Id of the build that it waits for or had' })),
  image: Type.Optional(Type.String()),
  timings: Type.Optional(Type.Record(Type.String(), Type.Number(), { description: 'Milliseconds per stage' })),
  link: Type.Optional(
    Type.String({
      description: 'What a browser opens, once it is ready and as long as the session is there; holds the token',
    }),
  ),
  over: Type.Optional(
    Type.Enum(['idle', 'age', 'disk', 'stopped', 'ended', 'abandoned', 'out_of_memory', 'unknown'] as const, {
      description: 'Why its session is there no more',
    }),
  ),
  error: Type.Optional(Failure),
  events: Type.String({ description: 'Path of its events' }),
});

const askedBy = Type.Optional(Type.String({ description: 'Address that asked first; for operators' }));
const TierState = oneOf('cached', 'built');

export const BuildAnswer = Type.Object({
  id: Type.String(),
  state: oneOf('waiting', 'active', 'completed', 'failed', 'cancelled'),
  repo: Type.String({ description: 'Canonical URL' }),
  provider: Type.String(),
  ref: Type.String({ description: 'As asked first' }),
  commit: Type.String(),
  subdir: Type.String(),
  askedBy,
  createdAt: time,
  startedAt: Type.Optional(time),
  endedAt: Type.Optional(time),
  timings: Type.Record(Type.String(), Type.Number(), { description: 'Milliseconds per stage' }),
  attempts: Type.Array(Type.Object({ id: Type.String(), startedAt: time, endedAt: Type.Optional(time) }), {
    description: 'One per try: a worker that died makes another',
  }),
  tiers: Type.Optional(Type.Object({ base: TierState, environment: TierState, content: TierState })),
  imageName: Type.Optional(Type.String()),
  digest: Type.Optional(Type.String()),
  resolvedAsOf: Type.Optional(Type.String()),
  notices: Type.Optional(Type.Array(Type.String(), { description: 'What was resolved otherwise than asked for' })),
  error: Type.Optional(Failure),
  cancel: Type.Optional(Type.String({ description: 'Path to DELETE by whoever asked just now: keep it to yourself' })),
  events: Type.String({ description: 'Path of its events' }),
  log: Type.String({ description: 'Path of its log' }),
});

export const QueueAnswer = Type.Object({
  waiting: Type.Integer(),
  active: Type.Integer(),
  builds: Type.Array(
    Type.Object({
      id: Type.String(),
      state: oneOf('waiting', 'active'),
      repo: Type.String(),
      ref: Type.String(),
      askedBy,
      createdAt: time,
    }),
  ),
});

export const SessionsAnswer = Type.Object({
  running: Type.Integer(),
  sessions: Type.Optional(
    Type.Array(
      Type.Object({
        id: Type.String(),
        state: Type.String(),
        repo: Type.String(),
        ref: Type.String(),
        commit: Type.String(),
        image: Type.String(),
        client: Type.String(),
        startedAt: Type.String(),
      }),
      { description: 'For operators' },
    ),
  ),
});

export const IdParams = Type.Object({ id: Type.String({ pattern: '^[0-9A-Za-z]{26,32}$' }) });
