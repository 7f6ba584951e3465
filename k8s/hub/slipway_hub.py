"""Lets a JupyterHub of any kind start what Slipway hands over, and nothing else.

It is run at the end of jupyterhub_config.py, when the spawner has been chosen:

    exec(open("slipway_hub.py").read())

or given to Zero to JupyterHub: --set-file hub.extraConfig.slipway=slipway_hub.py. What the hub's environment may say:

    SLIPWAY_HUB_TOKEN    the token that Slipway has, from `openssl rand -hex 32`
    SLIPWAY_IMAGES       beginnings of the images that may be started, comma-separated; Slipway's SLIPWAY_REGISTRY
    SLIPWAY_CORS_ORIGIN  origin whose pages may use sessions, or *; none by default
    SLIPWAY_IDLE         seconds without use, and of age, after which sessions end: 600,21600 by default
    SLIPWAY_LOGIN        `on` where readers log in to the hub, which then starts only what Slipway hands over; by default
                         each gets a user for the one session

Memory, CPU and whatever else is set as for any hub; where nothing is, sessions get 2 GB and two CPUs.
"""
import asyncio
import importlib.util
import json
import os
import re
import sys
import time
from importlib.metadata import entry_points
from urllib.parse import quote, urlencode, urlparse

from jupyterhub.apihandlers import APIHandler
from jupyterhub.handlers import BaseHandler
from jupyterhub.utils import maybe_future, url_path_join
from tornado import web
from traitlets.utils.importstring import import_item

slipway_images = [one.strip().rstrip("/") + "/" for one in os.environ.get("SLIPWAY_IMAGES", "slipway").split(",")]
slipway_login = os.environ.get("SLIPWAY_LOGIN") == "on"
slipway_keys = ["repo_url", "binder_ref_url", "binder_launch_host", "binder_request", "binder_persistent_request"]


def slipway_refusal(why):
    """What is said to who asks by the API, and on the hub's pages, which show no other message."""
    error = web.HTTPError(400, why)
    error.jupyterhub_message = why
    return error


class SlipwayMixin:
    """For any spawner of containers: takes image and token from the options, and is there as soon as its server is."""

    async def start(self):
        image = str(self.user_options.get("image", ""))
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", image) or not image.startswith(tuple(slipway_images)):
            raise slipway_refusal(f"This hub does not start the image {image!r}: SLIPWAY_IMAGES does not name it.")
        if not slipway_login and not self.user_options.get("token"):
            raise slipway_refusal("This hub starts nothing without a token.")
        if slipway_login:
            link = slipway_handed().get(self.name)
            if not link or (link["user"], link["options"]) != (self.user.name, self.user_options):
                raise slipway_refusal(slipway_over)
        if hasattr(self, "allowed_images"):
            self.allowed_images = "*"
        self.image = image
        self.cmd = ["jupyterhub-singleuser"] if slipway_login else ["slipway-server"]
        where = await maybe_future(super().start())
        await self.slipway_answer(where)
        return where

    async def slipway_answer(self, where):
        """The hub itself asks a new server at growing intervals, which readers would wait for."""
        target = urlparse(where if isinstance(where, str) else "http://{}:{}".format(*where))
        request = f"GET {self.server.base_url}api HTTP/1.0\r\nHost: {target.hostname}\r\n\r\n".encode()
        began = looked = time.monotonic()
        while target.scheme == "http" and time.monotonic() - began < self.http_timeout:
            try:
                reader, writer = await asyncio.wait_for(asyncio.open_connection(target.hostname, target.port), 2)
                writer.write(request)
                answer = await asyncio.wait_for(reader.readline(), 2)
                writer.close()
                if re.match(rb"HTTP/1\.[01] [234]", answer):
                    return
            except (OSError, asyncio.TimeoutError):
                pass
            if time.monotonic() - looked > 1:
                looked = time.monotonic()
                if await maybe_future(self.poll()) is not None:
                    raise web.HTTPError(500, "The server ended while it started.")
            await asyncio.sleep(0.02 if time.monotonic() - began < 5 else 0.2)

    def get_args(self):
        if slipway_login:
            return super().get_args()
        options = {"base_url": self.server.base_url, "trust_xheaders": True}
        origin = os.environ.get("SLIPWAY_CORS_ORIGIN")
        if origin:
            options.update(allow_origin=origin)
        if self.default_url:
            options.update(default_url=self.default_url)
        # The second name is for servers of before 2021.
        names = ("ServerApp", "NotebookApp")
        return [f"--{app}.{name}={value}" for app in names for name, value in options.items()] + list(self.args)

    def get_env(self):
        env = super().get_env()
        env.update({"BINDER_REPO_URL" if key == "repo_url" else key.upper(): str(self.user_options[key])
                    for key in slipway_keys if key in self.user_options})
        if not slipway_login:
            env["JUPYTER_TOKEN"] = self.user_options["token"]
        return env

    def options_from_query(self, query):
        return {name: values[0] for name, values in query.items()}


slipway_over = "This is no launch of yours, or it is over or was cancelled: launch the repository again."
# What Slipway has handed over, by the name of the server that it is to become; also what has become one already.
slipway_links = {}


def slipway_handed():
    """Launches that are not over yet."""
    for name in [name for name, link in slipway_links.items() if link["until"] < time.time()]:
        del slipway_links[name]
    return slipway_links


class SlipwayLinks(APIHandler):
    """Slipway hands launches over, and takes them back when they are cancelled; its limits hold since nobody else can."""

    async def prepare(self):
        await super().prepare()
        if not self.has_scope("start:servers"):
            raise web.HTTPError(403, "Action is not authorized; requires any of [start:servers]")

    def get(self, _name):
        links = slipway_handed().items()
        self.finish(json.dumps([{"name": name, "began": link["began"], "options": link["options"]} for name, link in links]))

    def put(self, name):
        # Handed over twice when an answer was lost: its reader may have come by now.
        if name not in slipway_handed():
            said, now = self.get_json_body(), time.time()
            until = now + said["seconds"]
            slipway_links[name] = {"options": said["options"], "began": now, "until": until, "user": None}
        self.set_status(204)

    def delete(self, name):
        self.finish({"removed": slipway_links.pop(name, None) is not None})


class SlipwayLaunch(BaseHandler):
    """Where Slipway sends a reader who has a login: starts a server of theirs beside those that they have."""

    @web.authenticated
    async def get(self, name, path):
        user, link = self.current_user, slipway_handed().get(name)
        home = url_path_join(user.base_url, name, "/")
        if not link and name in user.spawners and user.spawners[name].active:
            return self.redirect(home)
        # A launch is one session, whose place is held: that of whoever comes first.
        if not link or link["user"] not in (None, user.name):
            raise web.HTTPError(404, slipway_over)
        link["user"] = user.name
        options = {f"opt-{key}": value for key, value in link["options"].items()}
        # BinderHub's clients put a path and their query behind what they take for the server's address.
        inside = f"{path}?{self.request.query}" if path else link["options"].get("slipway_urlpath", "")
        options["next"] = home + quote(inside, safe="/?&=%#:+,;@!~*'()")
        self.redirect(url_path_join(self.hub.base_url, "spawn", user.escaped_name, name) + "?" + urlencode(options))


def slipway(c):
    """Puts all of it into a hub's configuration."""
    chosen = c.JupyterHub.get("spawner_class", "docker")
    if isinstance(chosen, str):
        named = {point.name: point for point in entry_points(group="jupyterhub.spawners")}
        chosen = named[chosen].load() if chosen in named else import_item(chosen)
    c.JupyterHub.spawner_class = type("SlipwaySpawner", (SlipwayMixin, chosen), {})
    for name, value in {"mem_limit": "2G", "cpu_limit": 2, "start_timeout": 300}.items():
        c.Spawner.setdefault(name, value)
    c.DockerSpawner.setdefault("remove", True)
    rights = {"cap_drop": ["ALL"], "security_opt": ["no-new-privileges"], "pids_limit": 512}
    c.DockerSpawner.setdefault("extra_host_config", rights)

    services, roles = list(c.JupyterHub.get("services", [])), list(c.JupyterHub.get("load_roles", []))

    def service(name, scopes, **how):
        services.append({"name": name, **how})
        roles.append({"name": name, "services": [name], "scopes": scopes})

    scopes = ["servers", "list:users"] if slipway_login else ["servers", "admin:users"]
    service("slipway", scopes, api_token=os.environ["SLIPWAY_HUB_TOKEN"], display=False)
    has_culler = any("idle_culler" in str(one.get("command")) for one in services)
    if not has_culler and importlib.util.find_spec("jupyterhub_idle_culler"):
        idle, age = os.environ.get("SLIPWAY_IDLE", "600,21600").split(",")
        command = [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={idle}", f"--max-age={age}"]
        command += ["--remove-named-servers=true"] if slipway_login else ["--cull-users=true"]
        scopes = ["list:users", "read:users:activity", "read:servers", "delete:servers"]
        service("slipway-cull", scopes + ([] if slipway_login else ["admin:users"]), command=command)
    c.JupyterHub.services, c.JupyterHub.load_roles = services, roles
    c.JupyterHub.setdefault("last_activity_interval", 60)
    if slipway_login:
        c.JupyterHub.setdefault("allow_named_servers", True)
        handlers = list(c.JupyterHub.get("extra_handlers", []))
        ours = [(r"/slipway/([a-z0-9-]+)/(.*)", SlipwayLaunch), (r"/api/slipway/([a-z0-9-]*)", SlipwayLinks)]
        c.JupyterHub.extra_handlers = handlers + ours
    else:
        # Nobody logs in: users come and go with their sessions.
        c.JupyterHub.setdefault("authenticator_class", "null")


slipway(c)  # noqa: F821  the hub's configuration, where this is run
