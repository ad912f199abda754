"""Vercel on this machine: its REST API for one project, and the site that the project serves."""

from sandbox.vercel.server import VercelServer

__all__ = ["VercelServer"]
