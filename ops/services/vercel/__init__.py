"""Vercel, by its REST API: which deployment is live, builds followed, promoted and rolled back, the maintenance page."""

from ops.services.vercel.door import PlanForbids, VercelFailed
from ops.services.vercel.maintenance import Maintenance
from ops.services.vercel.shapes import Deployment, Project
from ops.services.vercel.vercel import Vercel

__all__ = ["Deployment", "Maintenance", "PlanForbids", "Project", "Vercel", "VercelFailed"]
