"""What several tests share: projects, jobs, a stand-in for GitHub, and readers of pages."""
