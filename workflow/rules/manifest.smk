rule manifest:
    input:
        made=RESULTS,
        page="<figures>/index.html",
    output:
        manifest="<results>/manifest.json",
        crate="<results>/ro-crate-metadata.json",
    log:
        "<logs>/manifest.log",
    localrule: True
    conda:
        CONDA
    params:
        results=subpath(output.manifest, parent=True),
        figures=subpath(input.page, parent=True),
        settings=json.dumps(config, sort_keys=True),
        code=digest("optprimer.manifest.commands:manifest"),
    message:
        "Manifest: settings, versions, checksums and costs"
    shell:
        "optprimer manifest --results {params.results:q} --figures {params.figures:q} --settings {params.settings:q}"
        " > {log:q} 2>&1"
