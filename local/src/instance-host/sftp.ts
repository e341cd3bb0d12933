import { constants as modes, type Stats } from 'node:fs';
import * as fs from 'node:fs/promises';
import { resolve } from 'node:path';
import ssh2, { type Attributes, type FileEntry, type SFTPWrapper } from 'ssh2';
import { finishSftp } from './ssh2-gaps.ts';

const { OPEN_MODE, STATUS_CODE } = ssh2.utils.sftp;

/** Serves SFTP, which scp also uses, on a channel. Relative paths start at the home folder. Permissions are those of the current OS user. */
export function serveSftp(sftp: SFTPWrapper, home: string): void {
  const files = new Map<number, fs.FileHandle>();
  const listings = new Map<number, FileEntry[]>();
  let lastHandle = 0;
  let last = Promise.resolve();

  const at = (path: string) => resolve(home, path);
  const grant = (request: number, handle: number) => {
    const buffer = Buffer.alloc(4);
    buffer.writeUInt32BE(handle);
    sftp.handle(request, buffer);
  };
  const fileOf = (handle: Buffer): fs.FileHandle => {
    const file = handle.length === 4 ? files.get(handle.readUInt32BE()) : undefined;
    if (!file) throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
    return file;
  };
  /** Answers OK when `work` is done, or with the reason of its failure. */
  const answer = async (request: number, work: () => Promise<unknown>) => {
    try {
      if ((await work()) !== answered) sftp.status(request, STATUS_CODE.OK);
    } catch (error) {
      sftp.status(request, statusOf(error as NodeJS.ErrnoException), (error as Error).message);
    }
  };
  /** One request at a time, like `sftp-server`: OpenSSH's clients truncate files if the answers change their order. */
  const answering = (request: number, work: () => Promise<unknown>) => {
    last = last.then(() => answer(request, work));
  };
  const named = (request: number, filename: string) => {
    sftp.name(request, [{ filename, longname: filename, attrs: noAttributes }]);
    return answered;
  };
  const described = (request: number, stats: Stats) => {
    sftp.attrs(request, attributesOf(stats));
    return answered;
  };

  sftp.on('OPEN', (request, path, flags, attributes) =>
    answering(request, async () => {
      const file = await fs.open(at(path), openFlags(flags), attributes.mode ?? 0o666);
      files.set(++lastHandle, file);
      grant(request, lastHandle);
      return answered;
    }),
  );
  sftp.on('READ', (request, handle, offset, length) =>
    answering(request, async () => {
      const buffer = Buffer.alloc(Math.min(length, 256 * 1024));
      const { bytesRead } = await fileOf(handle).read(buffer, 0, buffer.length, offset);
      if (bytesRead === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.data(request, buffer.subarray(0, bytesRead));
      return answered;
    }),
  );
  sftp.on('WRITE', (request, handle, offset, data) =>
    answering(request, async () => {
      const file = fileOf(handle);
      for (let written = 0; written < data.length; ) {
        written += (await file.write(data, written, data.length - written, offset + written)).bytesWritten;
      }
    }),
  );
  sftp.on('CLOSE', (request, handle) =>
    answering(request, async () => {
      const id = handle.readUInt32BE();
      if (listings.delete(id)) return;
      const file = fileOf(handle);
      files.delete(id);
      await file.close();
    }),
  );
  sftp.on('OPENDIR', (request, path) =>
    answering(request, async () => {
      const names = ['.', '..', ...(await fs.readdir(at(path)))];
      const entries = await Promise.all(names.map((name) => entryOf(resolve(at(path), name), name)));
      listings.set(++lastHandle, entries);
      grant(request, lastHandle);
      return answered;
    }),
  );
  sftp.on('READDIR', (request, handle) =>
    answering(request, async () => {
      const entries = listings.get(handle.readUInt32BE())?.splice(0, 100);
      if (!entries) throw Object.assign(new Error('no such handle'), { code: 'EBADF' });
      if (entries.length === 0) sftp.status(request, STATUS_CODE.EOF);
      else sftp.name(request, entries);
      return answered;
    }),
  );
  sftp.on('STAT', (request, path) => answering(request, async () => described(request, await fs.stat(at(path)))));
  sftp.on('LSTAT', (request, path) => answering(request, async () => described(request, await fs.lstat(at(path)))));
  sftp.on('FSTAT', (request, handle) => answering(request, async () => described(request, await fileOf(handle).stat())));
  sftp.on('SETSTAT', (request, path, attributes) =>
    answering(request, async () => {
      const file = await fs.open(at(path), modes.O_RDONLY | modes.O_NONBLOCK);
      await change(file, at(path), attributes).finally(() => file.close());
    }),
  );
  sftp.on('FSETSTAT', (request, handle, attributes) => answering(request, () => change(fileOf(handle), undefined, attributes)));
  sftp.on('REMOVE', (request, path) => answering(request, () => fs.unlink(at(path))));
  sftp.on('RMDIR', (request, path) => answering(request, () => fs.rmdir(at(path))));
  sftp.on('MKDIR', (request, path, attributes) => answering(request, () => fs.mkdir(at(path), { mode: attributes.mode ?? 0o777 })));
  sftp.on('RENAME', (request, from, to) =>
    answering(request, async () => {
      // In this protocol, a rename must not replace a file.
      await fs.link(at(from), at(to));
      await fs.unlink(at(from));
    }),
  );
  // ssh2 passes the link first. Its types are wrong.
  sftp.on('SYMLINK', (request, link, target) => answering(request, () => fs.symlink(target, at(link))));
  sftp.on('READLINK', (request, path) => answering(request, async () => named(request, await fs.readlink(at(path)))));
  sftp.on('REALPATH', (request, path) => answering(request, async () => named(request, await realpath(at(path)))));
  sftp.on('EXTENDED', (request) => sftp.status(request, STATUS_CODE.OP_UNSUPPORTED));
  sftp.on('end', () => finishSftp(sftp));
  sftp.on('close', () => {
    last = last.then(async () => {
      await Promise.all([...files.values()].map((file) => file.close()));
    });
  });
}

/** Marks that the answer has been sent. */
const answered = Symbol('answered');

function openFlags(flags: number): number {
  const both = OPEN_MODE.READ | OPEN_MODE.WRITE;
  const access = (flags & both) === both ? modes.O_RDWR : flags & OPEN_MODE.WRITE ? modes.O_WRONLY : modes.O_RDONLY;
  return [
    [OPEN_MODE.APPEND, modes.O_APPEND],
    [OPEN_MODE.CREAT, modes.O_CREAT],
    [OPEN_MODE.TRUNC, modes.O_TRUNC],
    [OPEN_MODE.EXCL, modes.O_EXCL],
  ].reduce((open, [asked = 0, flag = 0]) => (flags & asked ? open | flag : open), access);
}

const noAttributes: Attributes = { mode: 0, uid: 0, gid: 0, size: 0, atime: 0, mtime: 0 };

const attributesOf = (stats: Stats): Attributes => ({
  mode: stats.mode,
  uid: stats.uid,
  gid: stats.gid,
  size: stats.size,
  atime: Math.floor(stats.atimeMs / 1000),
  mtime: Math.floor(stats.mtimeMs / 1000),
});

async function entryOf(path: string, filename: string): Promise<FileEntry> {
  const attrs = attributesOf(await fs.lstat(path));
  const kind = (attrs.mode & modes.S_IFMT) === modes.S_IFDIR ? 'd' : '-';
  const permissions = [...'rwxrwxrwx'].map((letter, bit) => (attrs.mode & (0o400 >> bit) ? letter : '-')).join('');
  const longname = `${kind}${permissions} 1 ${attrs.uid} ${attrs.gid} ${attrs.size} ${new Date(attrs.mtime * 1000).toISOString()} ${filename}`;
  return { filename, longname, attrs };
}

async function change(file: fs.FileHandle, path: string | undefined, attributes: Partial<Attributes>): Promise<void> {
  const { mode, size, atime, mtime } = attributes;
  // The handle of a SETSTAT is read-only.
  if (size !== undefined) await (path === undefined ? file.truncate(size) : fs.truncate(path, size));
  if (mode !== undefined) await file.chmod(mode & 0o7777);
  if (atime !== undefined && mtime !== undefined) await file.utimes(atime, mtime);
}

/** The path without links. Like `sftp-server`, also for a file that does not exist yet. */
async function realpath(path: string): Promise<string> {
  try {
    return await fs.realpath(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return path;
  }
}

function statusOf({ code }: NodeJS.ErrnoException): number {
  if (code === 'ENOENT' || code === 'ENOTDIR') return STATUS_CODE.NO_SUCH_FILE;
  if (code === 'EACCES' || code === 'EPERM') return STATUS_CODE.PERMISSION_DENIED;
  return STATUS_CODE.FAILURE;
}
