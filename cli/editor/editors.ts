import { ssh } from '../../core/names.ts';
import type { Editor } from '../editor.ts';
import { programPath } from '../program-path.ts';

/** An editor that opens something. */
export type OpeningEditor = Exclude<Editor, 'none'>;

/** A folder of an environment. */
export interface RemoteFolder {
  /** Its host alias, which ssh and the editors know by the person's configuration. */
  readonly host: string;
  /** An absolute path. */
  readonly path: string;
}

interface Row {
  /** What people call it. */
  readonly title: string;
  /** The names that its program has, by system. */
  readonly programs: (platform: NodeJS.Platform) => readonly string[];
  /** What to give it to open a folder. */
  readonly words: (folder: RemoteFolder, platform: NodeJS.Platform) => readonly string[];
}

// Without the slash at the end, Visual Studio Code takes a name with a dot, such as next.js, for a file.
const likeCode = (name: OpeningEditor, title: string): Row => ({
  title,
  programs: () => [name],
  words: ({ host, path }) => ['--remote', `ssh-remote+${host}`, path.replace(/\/*$/, '/')],
});

/** The editors that can open an environment. */
export const editorRows: Readonly<Record<OpeningEditor, Row>> = {
  code: likeCode('code', 'VS Code'),
  cursor: likeCode('cursor', 'Cursor'),
  windsurf: likeCode('windsurf', 'Windsurf'),
  zed: {
    title: 'Zed',
    // Some distributions of Linux have another program of that name.
    programs: () => ['zed', 'zeditor'],
    words: ({ host, path }) => [`ssh://${host}${encodePath(path)}`],
  },
  idea: {
    title: 'JetBrains Gateway',
    // It has no command line: the system opens its links.
    programs: (platform) => [platform === 'darwin' ? 'open' : platform === 'win32' ? 'rundll32' : 'xdg-open'],
    words: (folder, platform) => [...(platform === 'win32' ? ['url.dll,FileProtocolHandler'] : []), gatewayLink(folder)],
  },
};

/** An editor that this machine has. */
export interface FoundEditor {
  readonly editor: OpeningEditor;
  /** The file of its program. */
  readonly program: string;
}

/** The editors on the PATH, in the order of the table. */
export function foundEditors(variables: NodeJS.ProcessEnv, platform: NodeJS.Platform = process.platform): readonly FoundEditor[] {
  return (Object.keys(editorRows) as OpeningEditor[]).flatMap((editor) => {
    const program = editorRows[editor]
      .programs(platform)
      .map((name) => programPath(name, variables, platform))
      .find((file) => file !== undefined);
    return program === undefined ? [] : [{ editor, program }];
  });
}

/** JetBrains Gateway fills in its form for a connection with these. It lets the person choose the IDE. */
function gatewayLink({ host, path }: RemoteFolder): string {
  const parameters = { type: 'ssh', deploy: 'false', host, port: ssh.port, user: ssh.user, projectPath: path };
  const pairs = Object.entries(parameters).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `jetbrains-gateway://connect#${pairs.join('&')}`;
}

const encodePath = (path: string) => path.split('/').map(encodeURIComponent).join('/');
