/** Records: JSON by id, kept for a while. */
import type { RedisLink } from './redis.ts';

export interface RecordOptions<T> {
  /** Milliseconds that a record is kept after its last change. */
  keep: number;
  /** Names by which `findBy` finds a record; a record may have several of each. */
  indexes?: Record<string, (record: T) => string | readonly string[] | undefined>;
}

export class Records<T extends object> {
  constructor(_redis: RedisLink, _name: string, _options: RecordOptions<T>) {}

  async get(_id: string): Promise<T | undefined> {
    throw new Error('to come');
  }

  /** Puts a record unless there is one of this id, atomically; the one that is there then. */
  async create(_id: string, _record: T): Promise<T> {
    throw new Error('to come');
  }

  async put(_id: string, _record: T): Promise<void> {
    throw new Error('to come');
  }

  /**
   * Changes a record atomically; `change` may be called again when somebody else was faster, and returns undefined to
   * leave it as it is.
   * @returns the record as it is then, undefined when there is none
   */
  async update(_id: string, _change: (record: T) => T | undefined): Promise<T | undefined> {
    throw new Error('to come');
  }

  async remove(_id: string): Promise<void> {
    throw new Error('to come');
  }

  /** The latest first, by when each was first put. */
  async recent(_limit: number): Promise<T[]> {
    throw new Error('to come');
  }

  /** Records whose index has this value, the latest first. */
  async findBy(_index: string, _value: string, _limit?: number): Promise<T[]> {
    throw new Error('to come');
  }
}
