// A schema of its own on the given MySQL or MariaDB server, made and dropped with the command-line client.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { ShapeFailed } from "./ground.mjs";

const run = promisify(execFile);

export class Database {
  static async create(serverUrl) {
    const name = `fairlead_e2e_${process.pid}_${Date.now().toString(36)}`;
    const database = new Database(new URL(serverUrl), name);
    await database.sql(`CREATE DATABASE \`${name}\``);
    return database;
  }

  constructor(server, name) {
    this.server = server;
    this.name = name;
    const url = new URL(server);
    url.pathname = `/${name}`;
    this.url = url.href;
  }

  drop() {
    return this.sql(`DROP DATABASE IF EXISTS \`${this.name}\``);
  }

  async sql(statement) {
    const { hostname, port, username, password } = this.server;
    const words = ["--no-defaults", "--protocol=tcp", `--host=${hostname}`, `--port=${port || 3306}`];
    words.push(`--user=${decodeURIComponent(username)}`, `--execute=${statement}`);
    // The password is not for the list of processes.
    const env = { ...process.env, MYSQL_PWD: decodeURIComponent(password) };
    try {
      await run("mariadb", words, { env });
    } catch (error) {
      const why = error.code === "ENOENT" ? "the client is not installed (Debian: mariadb-client)" : error.stderr;
      throw new ShapeFailed(`mariadb could not run \`${statement}\`: ${String(why).trim()}`);
    }
  }
}
